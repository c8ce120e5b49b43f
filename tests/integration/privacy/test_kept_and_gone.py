"""No order of hold, retention, withdrawal, deletion and restore loses what is held or keeps what is gone."""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from shared.db.queries.work import outputs
from shared.db.queries.work.outputs import Product
from shared.db.tables.core import Patient
from shared.domain.errors import Conflict, NotFound
from shared.domain.retention import RetentionEvent, RetentionKind
from shared.services import patients
from shared.services.lifecycle import deletion
from shared.services.notes import process_notes
from shared.services.operations import removals
from shared.services.resources import Resources
from shared.services.retention import holds, patient_deletion, rules, sweep
from shared.services.retention.holds import Target
from shared.storage.recordings import RECORDING
from shared.vault.keystore import KeyDestroyed
from shared.vault.sealing import Subject
from tests.database import empty, everything
from tests.integration.backups.test_restore_removals import entries_of
from tests.integration.sessions import promise
from tests.servers import Office, make_office

PARTS = ("recording", "transcript", "process_notes")
SESSIONS = (0, 1)
WHOLE = 2  # stands for the patient where a session's number could stand
STEPS = st.one_of(
    st.tuples(st.just("hold"), st.sampled_from((*SESSIONS, WHOLE))),
    st.tuples(st.just("lift"), st.sampled_from((*SESSIONS, WHOLE))),
    st.tuples(st.just("delete"), st.sampled_from((*SESSIONS, WHOLE))),
    st.tuples(st.just("forget_process_notes"), st.sampled_from(SESSIONS)),
    st.tuples(st.just("retain"), st.sampled_from((*PARTS, "session"))),
    st.tuples(st.sampled_from(("withdraw", "consent", "back_up", "restore")), st.just(0)),
)


@dataclass
class Clinic:
    """A patient with two sessions, and what must be there and what must not."""

    resources: Resources
    office: Office
    sessions: list[UUID]
    backups: Path
    held: set[int] = field(default_factory=set)
    gone: set[tuple[int, str]] = field(default_factory=set)
    consented: bool = True
    is_backed_up: bool = False

    def is_held(self, number: int) -> bool:
        return bool(self.held & {number, WHOLE})

    def lose(self, number: int, *parts: str) -> None:
        """These parts may not be read from now on."""
        self.gone |= {(number, part) for part in parts}

    def is_gone(self, number: int) -> bool:
        return (number, "session") in self.gone

    @property
    def patient_is_gone(self) -> bool:
        return (WHOLE, "patient") in self.gone

    # --- what can happen -------------------------------------------------------------------------

    def hold(self, number: int) -> None:
        target = (
            Target(self.office.patient_id) if number == WHOLE else Target(session_id=self.sessions[number])
        )
        with suppress(NotFound):
            holds.place(
                self.resources, self.office.caller, target, matter="A", reason="B", review_on=date(2100, 1, 1)
            )
            self.held.add(number)

    def lift(self, number: int) -> None:
        caller = self.office.caller
        other = replace(caller, therapist_id=uuid4())
        wanted = None if number == WHOLE else self.sessions[number]
        for hold in holds.listed(self.resources, caller):
            if hold.session_id == wanted:
                holds.ask_to_lift(self.resources, caller, hold.id)
                holds.confirm_lift(self.resources, other, hold.id)
        self.held.discard(number)

    def delete(self, number: int) -> None:
        if number == WHOLE:
            self._delete_patient()
            return
        try:
            deletion.delete(self.resources, self.office.caller, self.sessions[number])
        except Conflict:
            assert self.is_held(number)
            return
        assert not self.is_held(number) or self.is_gone(number)
        self.lose(number, *PARTS, "session")

    def _delete_patient(self) -> None:
        try:
            patient_deletion.delete(self.resources, self.office.caller, self.office.patient_id)
        except Conflict:
            assert WHOLE in self.held
            return
        except NotFound:
            assert self.patient_is_gone
            return
        for number in SESSIONS:
            if not self.is_held(number):
                self.lose(number, *PARTS, "session")
        if all(map(self.is_gone, SESSIONS)):
            self.lose(WHOLE, "patient")

    def forget_process_notes(self, number: int) -> None:
        try:
            process_notes.delete(self.resources, self.office.caller, self.sessions[number])
            assert not self.is_held(number)
        except NotFound:
            return
        except Conflict:
            assert self.is_held(number)
            return
        self.lose(number, "process_notes")

    def retain(self, kind: str) -> None:
        rule = RetentionKind(kind)
        rules.set_rule(self.resources, self.office.caller, rule, RetentionEvent.SESSION, days=1, grace_days=0)
        sweep.run_due(self.resources.database, self.resources.recordings, self.resources.vault.keys)
        rules.remove_rule(self.resources, self.office.caller, rule)
        for number in SESSIONS:
            if not self.is_held(number):
                self.lose(number, *((*PARTS, "session") if kind == "session" else (kind,)))

    def withdraw(self, _: int) -> None:
        self._consent(datetime.now(UTC))

    def consent(self, _: int) -> None:
        self._consent(None)

    def _consent(self, revoked_on: datetime | None) -> None:
        changes = {"revoked_on": revoked_on}
        with suppress(NotFound):
            patients.change(self.resources, self.office.caller, self.office.patient_id, changes)
            self.consented = revoked_on is None

    def back_up(self, _: int) -> None:
        """Everything as of now: tables, objects, keys."""
        shutil.rmtree(self.backups, ignore_errors=True)
        for part in ("keys", "recordings"):
            shutil.copytree(self._data / part, self.backups / part)
        with everything(self.resources) as db:
            db.execute(text("DROP SCHEMA IF EXISTS backup CASCADE"))
            db.execute(text("CREATE SCHEMA backup"))
            for table in self._tables(db):
                db.execute(text(f"CREATE TABLE backup.{table} AS TABLE public.{table}"))
        self.is_backed_up = True

    def restore(self, _: int) -> None:
        """The last backup with its keys, and the list of removals that was there until now."""
        if not self.is_backed_up:
            return
        entries = entries_of(self.resources)
        for part in ("keys", "recordings"):
            shutil.rmtree(self._data / part)
            shutil.copytree(self.backups / part, self._data / part)
        with everything(self.resources) as db:
            db.execute(text("SET LOCAL session_replication_role = replica"))
            for table in self._tables(db):
                db.execute(text(f"DELETE FROM public.{table}"))
                db.execute(text(f"INSERT INTO public.{table} SELECT * FROM backup.{table}"))
        removals.apply_again(self.resources, entries)
        removals.end_access(self.resources, keys_too=False)

    @property
    def _data(self) -> Path:
        return self.resources.settings.keys_dir.parent

    def _tables(self, db: object) -> list[str]:
        query = (
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        )
        return list(db.scalars(text(query)))  # type: ignore[attr-defined]

    # --- what must be true -----------------------------------------------------------------------

    def check(self) -> None:
        there = {(number, part) for number in SESSIONS for part in self.readable(number)}
        everything_else = {(n, part) for n in SESSIONS for part in (*PARTS, "session")} - self.gone
        assert not there & self.gone, "what is gone is kept"
        assert there >= everything_else, "what is to be kept is lost"
        with everything(self.resources) as db:
            patient = db.get(Patient, self.office.patient_id)
            assert patient is not None
            assert (patient.deleted_at is not None) == self.patient_is_gone
            assert self.patient_is_gone or (patient.consent_revoked_at is None) == self.consented

    def readable(self, number: int) -> set[str]:
        """What can be read of a session, past the service's own refusals."""
        session = Subject(self.office.caller.practice_id, self.sessions[number])
        found = set()
        with suppress(KeyDestroyed, NotFound), self.resources.recordings.open(session, RECORDING) as source:
            assert source.size
            found.add("recording")
        with self.resources.database.transaction(session.practice_id) as db:
            words = outputs.get(db, session.id, Product.TRANSCRIPT)
            counts = {
                part: db.execute(text(query), {"id": session.id}).scalar_one()
                for part, query in (
                    ("session", "SELECT count(*) FROM sessions WHERE id = :id"),
                    ("process_notes", "SELECT count(*) FROM process_notes WHERE session_id = :id"),
                )
            }
        found |= {part for part, count in counts.items() if count}
        if words is not None:
            assert self.resources.vault.open(session, outputs.kind(Product.TRANSCRIPT), words)
            found.add("transcript")
        return found


@pytest.fixture(autouse=True)
def without_a_copy(resources: Resources) -> Iterator[None]:
    """The server is every test's: a schema that stays would be in the backups of others."""
    yield
    with everything(resources) as db:
        db.execute(text("DROP SCHEMA IF EXISTS backup CASCADE"))


def clinic_of(resources: Resources, folder: Path) -> Clinic:
    empty(resources.settings.database_url)
    office = make_office(resources)
    ids = [promise(resources, office) for _ in SESSIONS]
    for session_id in ids:
        process_notes.write(resources, office.caller, session_id, "Mine.", None)
        session = Subject(office.caller.practice_id, session_id)
        words = resources.vault.seal(session, outputs.kind(Product.TRANSCRIPT), {"segments": ["words"]})
        with resources.database.transaction(session.practice_id) as db:
            outputs.put(db, session.practice_id, session_id, Product.TRANSCRIPT, words)
    with everything(resources) as db:
        before = "now() - interval '2 years'"
        db.execute(
            text(f"UPDATE sessions SET status = 'processed', session_date = {before}, created_at = {before}")
        )
        db.execute(text("UPDATE steps SET state = 'done'"))
    return Clinic(resources, office, ids, folder / "backups")


@example(steps=[("back_up", 0), ("hold", 0), ("restore", 0), ("retain", "session")])
@example(steps=[("back_up", 0), ("hold", WHOLE), ("restore", 0), ("delete", WHOLE)])
@example(
    steps=[("hold", 1), ("back_up", 0), ("lift", 1), ("delete", WHOLE), ("restore", 0), ("delete", WHOLE)]
)
@example(
    steps=[("back_up", 0), ("retain", "recording"), ("retain", "transcript"), ("hold", 0), ("restore", 0)]
)
@example(steps=[("hold", 0), ("delete", WHOLE), ("back_up", 0), ("lift", 0), ("restore", 0), ("delete", 0)])
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=3, max_size=14))
def test_what_is_held_stays_and_what_is_gone_stays_gone(
    resources: Resources, tmp_path: Path, steps: list[tuple[str, int | str]]
) -> None:
    clinic = clinic_of(resources, tmp_path)
    clinic.check()
    for name, argument in steps:
        getattr(clinic, name)(argument)
        clinic.check()
