"""Backups for a recipient: the machine that makes them cannot read them, the private key restores them."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import pyrage
import pytest

from cli.app import run
from cli.exits import Exit
from embedded.dumping import DumpFailed
from shared.services.resources import Resources
from tests.integration.api_client import Caller, app_of, caller_of
from tests.integration.backups.test_backup_drill import (  # noqa: F401 - fixtures
    elsewhere,
    here,
    no_deployment_of_the_machine,
    processed,
    resources_of,
    served,
    there,
)
from tests.integration.sessions import promise
from tests.servers import Office


class Recipient:
    """A key pair, as age-keygen writes it."""

    def __init__(self, folder: Path, name: str) -> None:
        pair = pyrage.x25519.Identity.generate()
        self.public = str(pair.to_public())
        self.file = folder / f"{name}.txt"
        self.file.write_text(f"# public key: {self.public}\n{pair}\n")


class Places:
    """Where the backup and its keys go."""

    def __init__(self, folder: Path) -> None:
        self.backup, self.keys = folder / "backups" / "one", folder / "safe" / "keys"

    def back_up(self, *options: str) -> int:
        return run(["backup", "--to", str(self.backup), "--keys-to", str(self.keys), *options])

    @property
    def restore(self) -> tuple[object, ...]:
        return ("restore", "--from", self.backup, "--keys-from", self.keys, "--keep-api-keys")


@pytest.fixture
def recipient(tmp_path: Path) -> Recipient:
    return Recipient(tmp_path, "safe-deposit")


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path)


@pytest.fixture
def left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[Path]]:
    """The files that a restore leaves in the folder for temporary ones."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    return lambda: list(temporary.rglob("*"))


def test_the_private_key_restores_what_the_machine_that_made_it_cannot_read(
    here: dict[str, str],  # noqa: F811
    elsewhere: dict[str, str],  # noqa: F811
    resources: Resources,
    office: Office,
    recipient: Recipient,
    places: Places,
    monkeypatch: pytest.MonkeyPatch,
    left_behind: Callable[[], list[Path]],
) -> None:
    session = processed(resources, office)
    before = caller_of(app_of(resources), resources, office)
    shown = served(before, session)
    for _ in range(2):  # the second into the same folders
        assert places.back_up("--recipient", recipient.public) == Exit.OK
    stored = [path for path in (*places.backup.rglob("*"), *places.keys.rglob("*")) if path.is_file()]
    assert {path.name for path in stored if "age" in path.name} == {"database.dump.age", "keys.tar.age"}
    secrets = [(resources.settings.keys_dir / name).read_bytes() for name in ("root.key", "pepper.key")]
    for path in stored:
        content = path.read_bytes()
        assert not [secret for secret in secrets if secret in content]
        assert b"PGDMP" not in content
        assert path.stat().st_mode & 0o077 == 0 or path.suffix in (".json", ".jsonl")
    words = (*places.restore, "--identity", recipient.file)
    assert there(monkeypatch, elsewhere, *words) == Exit.OK
    with resources_of(elsewhere) as restored:
        after = Caller(app_of(restored).test_client(), before.key)
        assert served(after, session) == shown
    assert left_behind() == []


def test_any_of_several_recipients_opens_it(
    here: dict[str, str],  # noqa: F811
    elsewhere: dict[str, str],  # noqa: F811
    resources: Resources,
    office: Office,
    recipient: Recipient,
    places: Places,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    promise(resources, office)
    second = Recipient(tmp_path, "second")
    assert places.back_up("--recipient", recipient.public, "--recipient", second.public) == Exit.OK
    assert there(monkeypatch, elsewhere, *places.restore, "--identity", second.file) == Exit.OK


@pytest.mark.parametrize("fault", ["no private key", "another's", "no key in the file", "a byte", "cut"])
def test_without_the_private_key_or_with_damage_nothing_is_restored(
    here: dict[str, str],  # noqa: F811
    elsewhere: dict[str, str],  # noqa: F811
    resources: Resources,
    office: Office,
    recipient: Recipient,
    places: Places,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    left_behind: Callable[[], list[Path]],
    fault: str,
) -> None:
    promise(resources, office)
    assert places.back_up("--recipient", recipient.public) == Exit.OK
    words: tuple[object, ...] = ("--identity", recipient.file)
    expected = Exit.FAILED
    if fault == "no private key":
        words, expected = (), Exit.USAGE
    elif fault == "another's":
        words = ("--identity", Recipient(tmp_path, "stranger").file)
    elif fault == "no key in the file":
        recipient.file.write_text("# nothing\n")
        expected = Exit.USAGE
    else:
        sealed = places.backup / "database.dump.age" if fault == "cut" else places.keys / "keys.tar.age"
        content = bytearray(sealed.read_bytes())
        content[len(content) // 2] ^= 1
        sealed.write_bytes(content[:-20] if fault == "cut" else content)
    assert there(monkeypatch, elsewhere, *places.restore, *words) == expected
    assert not Path(elsewhere["SESSIONSCRIBE_KEYS_DIR"]).exists()
    assert left_behind() == []


def test_a_recipient_that_is_none_and_a_folder_with_open_keys_are_refused(
    here: dict[str, str],  # noqa: F811
    recipient: Recipient,
    places: Places,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert places.back_up("--recipient", "age1notakey") == Exit.USAGE
    assert "begins with age1" in capsys.readouterr().err
    assert places.back_up() == Exit.OK
    assert places.back_up("--recipient", recipient.public) == Exit.USAGE
    assert "not encrypted" in capsys.readouterr().err
    assert (places.backup / "database.dump").exists()


def test_a_dump_that_fails_leaves_the_earlier_backup(
    here: dict[str, str],  # noqa: F811
    recipient: Recipient,
    places: Places,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert places.back_up("--recipient", recipient.public) == Exit.OK
    sealed = places.backup / "database.dump.age"
    earlier = sealed.read_bytes()

    def fail(*_: object) -> None:
        raise DumpFailed("pg_dump ended with 1")

    monkeypatch.setattr("cli.local.backup_writer.dump_into", fail)
    assert places.back_up("--recipient", recipient.public) == Exit.FAILED
    assert sealed.read_bytes() == earlier
    assert not list(places.backup.glob(".*"))
