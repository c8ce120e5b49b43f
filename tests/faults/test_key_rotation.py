"""Rotations of keys are killed at every step, and run beside processes that make, read and destroy keys."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from shared.vault import census, rotation
from shared.vault.keystore import KeyDestroyed, KeyStore
from shared.vault.root_key import FORMER, NEXT
from tests.faults import rotator
from tests.faults.clinic import Clinic
from tests.faults.machine import Machine

ROOT = Path(__file__).parents[2]
OF_ROOT = (
    "rotating.next_root_written",
    "rotating.pepper_wrapped",
    "rotating.origins_wrapped",
    "rotating.practice_wrapped",
    "rotating.root_verified",
    "rotating.former_root_named",
    "rotating.root_replaced",
    "rotating.former_root_destroyed",
)
OF_PRACTICE = (
    "rotating.version_added",
    "rotating.subject_wrapped",
    "rotating.subjects_verified",
    "rotating.version_removed",
)
MOST_MADE = 60
WITHIN_A_REPLACEMENT = ("replacing.written", "replacing.former_named", "replacing.replaced")


@dataclass(frozen=True)
class Store:
    """A key store with two practices, their subjects' keys, and a process that runs since before."""

    folder: Path
    check: bytes
    pepper: bytes
    secrets: dict[tuple[UUID, UUID], bytes]
    running: KeyStore

    @property
    def practice(self) -> UUID:
        return next(iter(self.secrets))[0]

    def rotate(self, what: str, place: str = "") -> int:
        """Run a rotation in a process of its own that dies at ``place``; gives its exit code."""
        return rotator.run(self.folder, what, self.check.hex(), place)

    def require_all_well(self) -> None:
        """Every key is what it was, for the running process and for a new one, and new ones can be made."""
        for keys in (KeyStore(self.folder), self.running):
            assert {place: keys.key(*place) for place in self.secrets} == self.secrets
            keys.require_made(self.check)
            for practice in (self.practice, uuid4()):
                made = uuid4()
                keys.create(practice, made)
                self.secrets[practice, made] = keys.key(practice, made)
        assert KeyStore(self.folder).pepper == self.pepper

    def require_ended(self) -> None:
        """No rotation is under way, and nothing of an earlier version is left."""
        found = census.take(KeyStore(self.folder))
        assert (found.left, found.is_rotating, found.damaged) == (0, False, ())
        assert not list(self.folder.rglob(".*.key.*"))
        assert not [name for name in (NEXT, FORMER) if (self.folder / name).exists()]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    keys = KeyStore.initialise(tmp_path / "keys")
    secrets = {}
    for practice in (uuid4(), uuid4()):
        for subject in (uuid4(), uuid4()):
            keys.create(practice, subject)
            secrets[practice, subject] = keys.key(practice, subject)
    return Store(tmp_path / "keys", keys.seal_check(), keys.pepper, secrets, keys)


@pytest.mark.parametrize("place", [*OF_ROOT, *WITHIN_A_REPLACEMENT])
def test_a_rotation_of_the_root_key_killed_anywhere_goes_on_when_it_is_run_again(
    store: Store, place: str
) -> None:
    old = (store.folder / "root.key").read_bytes()
    assert store.rotate("root", place) == -signal.SIGKILL
    store.require_all_well()
    if place != OF_ROOT[-1]:  # where only what was left is swept
        assert store.rotate("root") == 0
    store.require_all_well()
    assert KeyStore(store.folder).roots.current.version == 2
    assert not [path for path in store.folder.rglob("*") if path.is_file() and old in path.read_bytes()]
    assert store.rotate("root") == 0
    store.require_all_well()
    store.require_ended()
    assert KeyStore(store.folder).roots.current.version == 3


@pytest.mark.parametrize("place", [*OF_PRACTICE, *WITHIN_A_REPLACEMENT])
def test_a_rotation_of_a_practices_key_killed_anywhere_goes_on_when_it_is_run_again(
    store: Store, place: str
) -> None:
    practice = store.practice
    old = store.running.practice_ring(practice).current
    assert store.rotate(str(practice), place) == -signal.SIGKILL
    store.require_all_well()
    assert store.rotate(str(practice)) == 0
    store.require_all_well()
    store.require_ended()
    ring = KeyStore(store.folder).practice_ring(practice)
    assert len(ring.keys) == 1
    assert ring.current.secret != old.secret
    assert ring.current.version == (3 if place == OF_PRACTICE[-1] else 2)


@pytest.mark.parametrize(
    "place", ["rotating.pepper_wrapped", "rotating.origins_wrapped", *WITHIN_A_REPLACEMENT]
)
def test_a_rotation_of_the_pepper_killed_anywhere_goes_on_when_it_is_run_again(
    store: Store, place: str
) -> None:
    assert store.rotate("pepper", place) == -signal.SIGKILL
    assert store.rotate("pepper") == 0
    for keys in (KeyStore(store.folder), store.running):
        assert [pepper.version for pepper in keys.peppers.keys] == [1, 2]
        assert keys.peppers.keys[0].secret == store.pepper != keys.pepper
        keys.require_made(store.check)
    assert store.rotate("root") == 0
    places = ("rotating.former_pepper_removed", "replacing.written")
    assert store.rotate("former pepper", places["replaced" in place]) == -signal.SIGKILL
    assert store.rotate("former pepper") == 0
    for keys in (KeyStore(store.folder), store.running):
        assert [pepper.version for pepper in keys.peppers.keys] == [2]
        keys.require_made(store.check)
    store.require_ended()


def test_keys_made_read_and_destroyed_while_others_rotate_are_neither_lost_nor_brought_back(
    store: Store,
) -> None:
    stop, failures = threading.Event(), []
    made: dict[tuple[UUID, UUID], bytes] = {}
    gone: list[tuple[UUID, UUID]] = []

    def work(practice: UUID) -> None:
        keys = KeyStore(store.folder)  # as a process of its own would have it
        try:
            while not stop.is_set():
                if len(made) >= MOST_MADE:  # or the rotations never catch up
                    assert keys.key(*next(iter(store.secrets))) in store.secrets.values()
                    continue
                kept, destroyed = uuid4(), uuid4()
                for subject in (kept, destroyed):
                    keys.create(practice, subject)
                made[practice, kept] = keys.key(practice, kept)
                keys.destroy(destroyed)
                gone.append((practice, destroyed))
                for place, secret in store.secrets.items():
                    assert keys.key(*place) == secret
        except Exception as error:  # noqa: BLE001 - told below
            failures.append(error)

    practices = sorted({practice for practice, _ in store.secrets})
    workers = [threading.Thread(target=work, args=(practice,)) for practice in practices]
    for worker in workers:
        worker.start()
    try:
        for _ in range(2):
            for practice in practices:
                rotation.rotate_practice(KeyStore(store.folder), practice)
            rotation.rotate_root(KeyStore(store.folder), store.check)
    finally:
        stop.set()
        for worker in workers:
            worker.join()
    assert failures == []
    assert made
    store.secrets.update(made)
    store.require_all_well()
    store.require_ended()
    for keys in (KeyStore(store.folder), store.running):
        for place in gone:
            with pytest.raises(KeyDestroyed):
                keys.key(*place)


@pytest.mark.usefixtures("expect_all_well")
def test_a_machine_at_work_loses_nothing_while_all_its_keys_rotate(clinic: Clinic, machine: Machine) -> None:
    """Workers, dispatcher and API were started before, and keep keys in memory."""
    before = clinic.upload()
    clinic.wait_until_processed(before)
    practice = KeyStore(machine.keys).practices()[0]

    def rotate(*words: str) -> None:
        command = [sys.executable, "-m", "cli.main", "vault", "rotate", *words]
        done = subprocess.run(
            command, cwd=ROOT, env=machine.environment(), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr

    sessions, deleted = [], clinic.upload()
    for words in (
        ("practice", str(practice)),
        ("root",),
        ("pepper",),
        ("practice", str(practice)),
        ("root",),
    ):
        sessions.append(clinic.upload())
        rotate(*words)
        sessions.append(clinic.upload())
    assert clinic.delete(deleted) == 200
    clinic.wait_until_processed(before, *sessions)
    for session in (before, *sessions):
        assert clinic.http.get(f"/api/sessions/{session}/notes").status_code == 200
        assert clinic.http.get(f"/api/sessions/{session}/audio").status_code == 200
    assert clinic.http.get("/readyz").status_code == 200
    keys = KeyStore(machine.keys)
    assert (keys.roots.current.version, keys.practice_ring(practice).current.version) == (3, 3)
    with pytest.raises(KeyDestroyed):
        keys.key(practice, deleted)


@pytest.fixture
def held(store: Store) -> Iterator[Store]:
    with rotation.kept_off(store.folder):
        yield store


def test_no_rotation_begins_while_a_backup_copies_the_keys(held: Store) -> None:
    assert held.rotate("root") == 1
    assert not (held.folder / NEXT).exists()
