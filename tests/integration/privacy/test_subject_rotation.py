"""Rotation of subjects' keys: all is sealed anew and reads the same, and the former keys open nothing."""

import re
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session as DbSession

from shared.db.connection.engine import SEALER, DatabaseError
from shared.db.queries.privacy.deletions import Remains
from shared.db.queries.work import subject_rotations
from shared.db.tables.core import TherapySession
from shared.db.tables.records import ProcessNotes
from shared.domain import failpoints
from shared.domain.errors import Unavailable
from shared.domain.retention import RetentionKind
from shared.services.lifecycle import cancellation, deletion
from shared.services.notes import process_notes
from shared.services.operations import anchors
from shared.services.operations.sealed_columns import SEALED_COLUMNS
from shared.services.resources import Resources
from shared.services.retention import sweep
from shared.services.subject_keys import rotation, run, values
from shared.services.subject_keys.run import Progress, Waits
from shared.services.uploads import resumable
from shared.storage.objects import PIECE
from shared.storage.recordings import RECORDING
from shared.storage.recordings import key_version as object_version
from shared.vault import keyring
from shared.vault.frames import HEADER_BYTES, FrameReader, TamperedObject
from shared.vault.keyring import FIRST, KeyRing
from shared.vault.keystore import KeyDestroyed
from shared.vault.sealing import Sealed, Subject, Vault, key_version
from tests.authz_matrix import Place
from tests.database import everything
from tests.integration.backups.test_sealed_columns import place, stored  # noqa: F401 - a fixture
from tests.integration.backups.test_sealing_anew import answers, signed  # noqa: F401 - a fixture

AT_ONCE = Waits(retired=0, patience=0)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "_PAUSE_SECONDS", 0.01)


@pytest.fixture
def tied(resources: Resources, signed: Place) -> Place:  # noqa: F811
    """The practice with everything in it, in a database that knows the key store."""
    anchors.tie_keys(resources.database, resources.vault.keys)
    return signed


def test_everything_reads_the_same_and_the_former_keys_open_nothing(
    resources: Resources, tied: Place
) -> None:
    practice_id = tied.office.caller.practice_id
    shown, times = answers(tied), times_of_change(resources)
    package = Subject(practice_id, tied.package_id)  # it is ready: it has an object, and no sealed value
    subjects = {one.subject for one in stored(resources, tied)} | {package}
    former = {one: resources.vault.keys.ring(practice_id, one.id) for one in subjects}
    told: list[Progress] = []

    waits = rotation.rotate(resources, practice_id, waits=AT_ONCE, report=told.append)
    assert (waits.total, waits.left, waits.waiting) == (
        len(subjects),
        2,
        2,
    )  # an upload, and a session that waits for work
    assert told
    assert times_of_change(resources) == times
    end_work(resources, tied)
    done = rotation.rotate(resources, practice_id, waits=AT_ONCE)

    assert (done.total, done.left, done.unreadable) == (2, 0, ())
    subjects = {one.subject for one in stored(resources, tied)} | {package}
    assert answers(tied) == shown
    for subject in subjects:
        ring = resources.vault.keys.ring(practice_id, subject.id)
        assert [key.version for key in ring.keys] == [FIRST + 1]
        assert ring.current.secret != former[subject].current.secret
    require_nothing_under(resources, tied, former)
    assert lines(resources, "vault.subject_rotated") == len(subjects)
    assert lines(resources, "vault.subject_rotation_ordered") == 1


def end_work(resources: Resources, tied: Place) -> None:
    """Give up what arrives, and what is to be worked on."""
    with everything(resources) as db:
        (upload,) = db.scalars(text("SELECT id FROM uploads")).all()
        (session,) = db.scalars(text("SELECT id FROM sessions WHERE status = 'pending'")).all()
    resumable.terminate(resources, tied.office.caller, upload)
    cancellation.cancel(resources, tied.office.caller, session)


def require_nothing_under(resources: Resources, tied: Place, former: dict[Subject, KeyRing]) -> None:
    """Neither values nor objects open with these keys, whatever version they are called."""
    for one in stored(resources, tied):
        assert key_version(one.sealed) == FIRST + 1
        (key,) = former[one.subject].keys
        guess = Vault(Fixed(KeyRing((keyring.Key(FIRST + 1, key.secret),))))  # type: ignore[arg-type]
        with pytest.raises(TamperedObject):
            guess.open(one.subject, one.kind, one.sealed)
    for found in list(resources.recordings.store.list()):
        *_, owner, kind = found.name.split("/")
        (session,) = (one for one in former if str(one.id) == owner)
        with resources.recordings.store.open(found.name) as sealed:
            assert object_version(sealed.read_at(0, HEADER_BYTES)) == FIRST + 1
            label = kind.encode() + b":" + session.practice_id.bytes + session.id.bytes
            reader = FrameReader(sealed, former[session].current.secret, label)
            with pytest.raises(TamperedObject):
                reader.read_at(0, 1)


class Fixed:
    """A key store with one ring."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    def ring(self, *_: UUID) -> KeyRing:
        return self._ring


def times_of_change(resources: Resources) -> dict[str, list[Any]]:
    """What every table with a time of change says."""
    asked = (
        "SELECT table_name FROM information_schema.columns"
        " WHERE column_name = 'updated_at' AND table_schema = 'public'"
    )
    with everything(resources) as db:
        tables = db.scalars(text(asked)).all()
        assert "patients" in tables
        return {name: list(db.scalars(text(f"SELECT updated_at FROM {name} ORDER BY 1"))) for name in tables}


def lines(resources: Resources, action: str) -> int:
    """How many lines of the trail say so."""
    with everything(resources) as db:
        asked = text("SELECT count(*) FROM audit_events WHERE action = :action")
        return int(db.execute(asked, {"action": action}).scalar_one())


@pytest.fixture
def at_rest(resources: Resources, tied: Place) -> Place:
    """The same with nothing that arrives or is worked on."""
    end_work(resources, tied)
    return tied


def rotate(resources: Resources, place: Place) -> Progress:  # noqa: F811
    return rotation.rotate(resources, place.office.caller.practice_id, waits=AT_ONCE)


def require_whole(resources: Resources, place: Place, version: int = FIRST + 1) -> None:  # noqa: F811
    """Every value opens, and all are under this version, which is the only one."""
    practice_id = place.office.caller.practice_id
    for one in stored(resources, place):
        assert resources.vault.open(one.subject, one.kind, one.sealed) is not None
        assert key_version(one.sealed) == version, one.column.column
        assert len(resources.vault.keys.ring(practice_id, one.subject.id).keys) == 1


def at(monkeypatch: pytest.MonkeyPatch, wanted: str, act: Callable[[], object]) -> list[str]:
    """Have ``act`` done once, when the rotation first reaches this place; gives all that it reached."""
    reached: list[str] = []

    def watch(here: str) -> None:
        reached.append(here)
        if reached.count(wanted) == 1 and here == wanted:
            act()

    monkeypatch.setattr(failpoints, "_watchers", [watch])
    return reached


def process_notes_of(place: Place) -> tuple[Subject, str]:  # noqa: F811
    return Subject(place.office.caller.practice_id, place.session_id), process_notes.KIND


def write_notes(resources: Resources, session: Subject, sealed: Sealed) -> None:
    with resources.database.transaction(session.practice_id) as db:
        db.get_one(ProcessNotes, session.id).body = sealed


def test_a_change_at_the_same_moment_stands(
    resources: Resources, at_rest: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, kind = process_notes_of(at_rest)
    seal, written = Vault.seal, []

    def meanwhile(vault: Vault, subject: Subject, as_kind: str, value: Any) -> Sealed:
        if (subject, as_kind) == (session, kind) and not written:
            written.append(seal(vault, session, kind, {"text": "Written meanwhile."}))
            write_notes(resources, session, written[0])
        return seal(vault, subject, as_kind, value)

    monkeypatch.setattr(Vault, "seal", meanwhile)
    assert rotate(resources, at_rest).left == 0
    assert written
    require_whole(resources, at_rest)
    with resources.database.transaction(session.practice_id) as db:
        assert resources.vault.open(session, kind, db.get_one(ProcessNotes, session.id).body) == {
            "text": "Written meanwhile."
        }


def test_a_value_of_before_is_sealed_anew_or_refused_and_never_lost(
    resources: Resources, at_rest: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that sealed before the rotation began writes in the middle of it, and another after it."""
    session, kind = process_notes_of(at_rest)
    slow, slower = (resources.vault.seal(session, kind, {"text": word}) for word in ("slow", "slower"))
    begun, commit, refused = Event(), Event(), Event()
    seal_anew, oldest = values.seal_anew, subject_rotations.oldest_transaction

    def write_slowly() -> None:
        with resources.database.transaction(session.practice_id) as db:
            db.get_one(ProcessNotes, session.id).body = slow
            db.flush()
            begun.set()
            commit.wait(30)

    writer = Thread(target=write_slowly)

    def begin_after_the_first_look(*words: Any) -> int:
        count = seal_anew(*words)
        if words[2] == session and not begun.is_set():
            writer.start()
            assert begun.wait(30)
        return count

    def end_while_it_waits(db: DbSession) -> int:
        if begun.is_set() and not commit.is_set():
            with pytest.raises(Unavailable):
                write_another(resources, session, slower)
            refused.set()
            commit.set()
        return oldest(db)

    monkeypatch.setattr(values, "seal_anew", begin_after_the_first_look)
    monkeypatch.setattr(subject_rotations, "oldest_transaction", end_while_it_waits)
    assert rotate(resources, at_rest).left == 0
    writer.join()
    assert refused.is_set()
    require_whole(resources, at_rest)
    with resources.database.transaction(session.practice_id) as db:
        found = db.get_one(ProcessNotes, session.id).body
        assert resources.vault.open(session, kind, found) == {"text": "slow"}
    with pytest.raises(Unavailable):
        write_notes(resources, session, slower)


def write_another(resources: Resources, session: Subject, sealed: Sealed) -> None:
    """Write a value of the session in a row that nothing else has locked."""
    with resources.database.transaction(session.practice_id) as db:
        db.execute(
            text("UPDATE sessions SET vocabulary = :sealed WHERE id = :id"),
            {"sealed": sealed.data, "id": session.id},
        )


def recorded(resources: Resources, session: Subject) -> bytes:
    with resources.recordings.open(session, RECORDING) as source:
        return source.read_at(0, source.size)


@pytest.mark.parametrize("place_of", ["rotating.object_copied", "rotating.object_verified"])
def test_a_recording_that_is_replaced_meanwhile_is_not_brought_back(
    resources: Resources, at_rest: Place, monkeypatch: pytest.MonkeyPatch, place_of: str
) -> None:
    session, _ = process_notes_of(at_rest)

    def redact() -> None:
        with resources.recordings.create(session, RECORDING) as write:
            write(b"silenced" * 100)

    reached = at(monkeypatch, f"{place_of}.{session.id}", redact)
    assert rotate(resources, at_rest).left == 0
    assert f"{place_of}.{session.id}" in reached
    assert f"rotating.object_replaced.{session.id}" not in reached
    assert recorded(resources, session) == b"silenced" * 100
    assert not [found.name for found in resources.recordings.store.list() if PIECE in found.name]


def test_a_recording_that_is_removed_meanwhile_stays_removed(
    resources: Resources, at_rest: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, _ = process_notes_of(at_rest)

    def remove() -> None:
        with resources.database.transaction(session.practice_id) as db:
            sweep.remove(db, db.get_one(TherapySession, session.id), RetentionKind.RECORDING)

    reached = at(monkeypatch, f"rotating.object_copied.{session.id}", remove)
    assert rotate(resources, at_rest).left == 0
    assert f"rotating.object_replaced.{session.id}" not in reached
    remains = Remains(session.id, session.practice_id, whole=False)
    deletion.erase(resources.database, resources.recordings, resources.vault.keys, remains)
    assert not list(resources.recordings.store.list(f"{session.practice_id}/{session.id}/"))


def test_a_session_that_is_deleted_meanwhile_stays_deleted(
    resources: Resources, at_rest: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, _ = process_notes_of(at_rest)
    caller = at_rest.office.caller
    at(
        monkeypatch,
        f"rotating.object_copied.{session.id}",
        lambda: deletion.delete(resources, caller, session.id, signed_too=True),
    )
    with everything(resources) as db:
        db.execute(text("DELETE FROM holds"))
    rotate(resources, at_rest)
    assert rotate(resources, at_rest).left == 0
    with pytest.raises(KeyDestroyed):
        resources.vault.keys.ring(session.practice_id, session.id)
    assert not list(resources.recordings.store.list(f"{session.practice_id}/{session.id}/"))
    assert not list(resources.vault.keys.folder.rglob(f"*{session.id}*"))


def test_what_does_not_open_keeps_its_key_and_others_go_on(resources: Resources, at_rest: Place) -> None:
    session, _ = process_notes_of(at_rest)
    with everything(resources) as db:
        body = bytes(db.execute(text("SELECT body FROM process_notes")).scalar_one())
        broken = body[:-1] + bytes([body[-1] ^ 1])
        db.execute(text("UPDATE process_notes SET body = :body"), {"body": broken})
    done = rotate(resources, at_rest)
    assert (done.left, done.unreadable) == (1, (session.id,))
    versions = [key.version for key in resources.vault.keys.ring(session.practice_id, session.id).keys]
    assert versions == [FIRST, FIRST + 1]
    with everything(resources) as db:
        db.execute(text("UPDATE process_notes SET body = :body"), {"body": body})
    assert rotate(resources, at_rest).left == 0
    require_whole(resources, at_rest)


def test_what_was_sealed_wrongly_is_noticed_before_the_former_key_goes(
    resources: Resources, at_rest: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, kind = process_notes_of(at_rest)
    seal = Vault.seal

    def wrongly(vault: Vault, subject: Subject, as_kind: str, value: Any) -> Sealed:
        return seal(vault, subject, "another kind" if as_kind == kind else as_kind, value)

    monkeypatch.setattr(Vault, "seal", wrongly)
    done = rotate(resources, at_rest)
    assert done.unreadable == (session.id,)
    assert len(resources.vault.keys.ring(session.practice_id, session.id).keys) == 2


def test_a_copy_that_reads_otherwise_does_not_take_the_recordings_place(
    resources: Resources, at_rest: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, _ = process_notes_of(at_rest)
    before = recorded(resources, session)

    def damage() -> None:
        (copy,) = (found.name for found in resources.recordings.store.list() if PIECE in found.name)
        path = Path(urlsplit(resources.settings.storage_url).path) / copy
        path.write_bytes(path.read_bytes()[:-1] + b"\0")

    at(monkeypatch, f"rotating.object_copied.{session.id}", damage)
    assert rotate(resources, at_rest).unreadable == (session.id,)
    assert recorded(resources, session) == before
    assert rotate(resources, at_rest).left == 0
    assert recorded(resources, session) == before


def test_the_keys_of_one_patient_rotate_with_the_sessions(resources: Resources, at_rest: Place) -> None:
    practice_id, patient = at_rest.office.caller.practice_id, at_rest.office.patient_id
    assert rotation.practice_of_patient(resources.database, patient) == practice_id
    done = rotation.rotate(resources, practice_id, patient, waits=AT_ONCE)
    assert done.left == 0
    under = {one.subject.id: key_version(one.sealed) for one in stored(resources, at_rest)}
    with everything(resources) as db:
        asked = text("SELECT id FROM sessions WHERE patient_id = :id")
        sessions = set(db.scalars(asked, {"id": patient}))
    rotated = {subject for subject, version in under.items() if version != FIRST}
    assert rotated == {patient, *sessions}
    assert done.total == len(rotated) + 1  # a copy of the record


def test_former_versions_stay_for_a_while(resources: Resources, at_rest: Place) -> None:
    """A reader holds a value that it read before, and opens it when all is sealed anew."""
    session, kind = process_notes_of(at_rest)
    with resources.database.transaction(session.practice_id) as db:
        held = db.get_one(ProcessNotes, session.id).body
    told: list[Progress] = []

    def stop_when_sealed(progress: Progress) -> None:
        told.append(progress)
        if progress.sealed == progress.total:
            raise Stopped

    with pytest.raises(Stopped):
        rotation.rotate(resources, session.practice_id, waits=Waits(retired=3600), report=stop_when_sealed)
    assert resources.vault.open(session, kind, held)
    assert rotation.counts(resources.database) == (told[-1].total, told[-1].total)
    assert rotate(resources, at_rest).left == 0
    with pytest.raises(TamperedObject):
        resources.vault.open(session, kind, held)


class Stopped(Exception):
    """The operator stops it."""


def test_postgres_lets_each_sealed_column_be_sealed_anew_and_refuses_former_keys(
    resources: Resources,
) -> None:
    """A new sealed column needs ``migrations.sealing_anew.allow``."""
    privilege = text("SELECT has_column_privilege(:role, :table, :column, 'UPDATE')")
    trigger = text(
        "SELECT pg_get_triggerdef(oid) FROM pg_trigger"
        " WHERE tgrelid = CAST(:table AS regclass) AND tgname = 'retired_key'"
    )
    with everything(resources) as db:
        for one in SEALED_COLUMNS:
            table, column = one.column.class_.__tablename__, one.column.key
            assert db.execute(privilege, {"role": SEALER, "table": table, "column": column}).scalar_one(), (
                table
            )
            made = db.execute(trigger, {"table": table}).scalar_one()
            assert re.search(rf"new\.{one.subject.key}, .*new\.{column}\b", made), made


NOT_THE_SEALERS = (
    "UPDATE notes SET kind = 'edit'",
    "DELETE FROM notes",
    "UPDATE removals SET at = now()",
    "UPDATE consents SET event = 'withdrawn'",
    "UPDATE note_signatures SET content_hash = ''",
    "INSERT INTO notes SELECT * FROM notes",
    "SELECT * FROM audit_events",
    "UPDATE subject_rotations SET version = 0",
)


def test_the_sealer_changes_nothing_but_sealed_values(resources: Resources, tied: Place) -> None:
    for statement in NOT_THE_SEALERS:
        with pytest.raises(DatabaseError), resources.database.sealing(tied.office.caller.practice_id) as db:
            db.execute(text(statement))


def test_the_application_still_changes_no_version_of_notes(resources: Resources, tied: Place) -> None:
    for statement in ("UPDATE notes SET body = body", "UPDATE consents SET text = text"):
        with (
            pytest.raises(DatabaseError),
            resources.database.transaction(tied.office.caller.practice_id) as db,
        ):
            db.execute(text(statement))
    with resources.database.sealing(uuid4()) as db:
        assert db.execute(text("SELECT count(*) FROM notes")).scalar_one() == 0
