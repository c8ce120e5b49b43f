"""A root key that opens only with the secret that an operator's command prints."""

import shutil
from pathlib import Path
from uuid import uuid4

import pytest

from shared.services.operations import startup
from shared.services.operations.startup import NotYet
from shared.settings import SettingsError, load
from shared.vault import census, rotation, unlocking
from shared.vault.keyring import KeyStoreError
from shared.vault.keystore import KeyStore
from shared.vault.unlocking import RootKeyLocked

CAT = shutil.which("cat") or "/bin/cat"


class Host:
    """Another host that has the secrets, as a file; ``command`` fetches them."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "secrets"
        self.command = f"{CAT} '{self._file}'"

    def has(self, *secrets: str) -> None:
        self._file.write_text("".join(f"{secret}\n" for secret in secrets))

    def goes_away(self) -> None:
        self._file.unlink()


class Stopped(Exception):
    """The operator's process ends here."""


@pytest.fixture(autouse=True)
def quick_derivation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2 is slow on purpose; how slow is not what is tested here."""
    monkeypatch.setattr(unlocking, "_MEMORY_KIB", 64)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    host = Host(tmp_path)
    host.has("a passphrase of several words")
    return host


@pytest.fixture
def keys(tmp_path: Path, host: Host) -> KeyStore:
    return KeyStore.initialise(tmp_path / "keys", host.command)


def test_the_folder_alone_opens_nothing(keys: KeyStore, host: Host) -> None:
    practice, subject = uuid4(), uuid4()
    keys.create(practice, subject)
    with pytest.raises(RootKeyLocked, match="set SESSIONSCRIBE_ROOT_KEY_COMMAND"):
        KeyStore(keys.folder)
    stored = [path.read_bytes() for path in keys.folder.rglob("*.key")]
    for secret in (keys.roots.current.secret, keys.pepper):
        assert not any(secret in content for content in stored)
    again = KeyStore(keys.folder, host.command)
    assert (again.key(practice, subject), again.pepper) == (keys.key(practice, subject), keys.pepper)


def test_another_secret_and_a_host_that_is_away_are_told_apart(keys: KeyStore, host: Host) -> None:
    host.has("another passphrase")
    with pytest.raises(RootKeyLocked, match="no secret that SESSIONSCRIBE_ROOT_KEY_COMMAND prints opens"):
        KeyStore(keys.folder, host.command)
    host.goes_away()
    with pytest.raises(RootKeyLocked, match="printed no secret"):
        KeyStore(keys.folder, host.command)
    with pytest.raises(RootKeyLocked, match="did not run"):
        KeyStore(keys.folder, "/no/such/program")


def test_a_running_process_needs_the_secret_no_more(keys: KeyStore, host: Host) -> None:
    check = keys.seal_check()
    host.goes_away()
    keys.create(uuid4(), uuid4())
    keys.require_made(check)


def test_no_error_repeats_what_the_command_printed(keys: KeyStore, tmp_path: Path) -> None:
    program = tmp_path / "says.sh"
    program.write_text("#!/bin/sh\necho the-secret-word; echo the-secret-word >&2; exit 3\n")
    program.chmod(0o700)
    with pytest.raises(RootKeyLocked) as caught:
        KeyStore(keys.folder, str(program))
    assert "the-secret-word" not in str(caught.value)
    assert "exit code 3" in str(caught.value)


def test_a_rotation_protects_the_root_key_of_a_store_that_had_no_secret(tmp_path: Path, host: Host) -> None:
    before = KeyStore.initialise(tmp_path / "bare")
    practice, subject = uuid4(), uuid4()
    before.create(practice, subject)
    check = before.seal_check()
    with_secret = KeyStore(before.folder, host.command)
    assert not census.take(with_secret).root_is_protected
    rotation.rotate_root(with_secret, check)
    assert census.take(with_secret).root_is_protected
    with pytest.raises(RootKeyLocked):
        KeyStore(before.folder)
    after = KeyStore(before.folder, host.command)
    after.require_made(check)
    assert after.key(practice, subject) == with_secret.key(practice, subject)


def test_a_secret_is_exchanged_by_a_rotation_while_processes_run(keys: KeyStore, host: Host) -> None:
    running, check = KeyStore(keys.folder, host.command), keys.seal_check()
    host.has("a new passphrase", "a passphrase of several words")
    rotation.rotate_root(KeyStore(keys.folder, host.command), check)
    practice, subject = uuid4(), uuid4()
    running.create(practice, subject)  # and notices the new root key
    host.has("a new passphrase")
    assert KeyStore(keys.folder, host.command).key(practice, subject) == running.key(practice, subject)
    host.has("a passphrase of several words")
    with pytest.raises(RootKeyLocked):
        KeyStore(keys.folder, host.command)


def test_nothing_is_wrapped_under_a_root_key_that_is_about_to_go(
    keys: KeyStore, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    running, check = KeyStore(keys.folder, host.command), keys.seal_check()

    def stop(*_: object) -> None:
        raise Stopped

    with monkeypatch.context() as patch, pytest.raises(Stopped):
        patch.setattr(rotation, "_wrap_all", stop)
        rotation.rotate_root(KeyStore(keys.folder, host.command), check)
    host.goes_away()
    running.unlocker._secrets.clear()
    with pytest.raises(KeyStoreError):
        running.create(uuid4(), uuid4())
    assert not keys.practices()


def test_processes_wait_for_a_host_that_is_away(
    keys: KeyStore, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.goes_away()
    with pytest.raises(NotYet) as caught:
        startup.keys_ready(keys.folder, None, host.command)  # type: ignore[arg-type]
    assert caught.value.missing == "root_key_secret"


def test_a_command_that_hangs_is_given_up(
    keys: KeyStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unlocking, "_SECONDS", 0.1)
    with pytest.raises(RootKeyLocked, match="TimeoutExpired"):
        KeyStore(keys.folder, f"{shutil.which('sleep')} 30")


@pytest.mark.parametrize("wrong", ["age -d", "'/bin/cat", ""])
def test_a_command_names_a_program_by_its_whole_path(wrong: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load({"SESSIONSCRIBE_ROOT_KEY_COMMAND": wrong})
    assert bool(wrong) == ("SESSIONSCRIBE_ROOT_KEY_COMMAND must" in str(caught.value))
