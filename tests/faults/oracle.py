"""Judges a machine after whatever was done to it: nothing lost, stuck, doubled, disordered or told.

``judge`` waits until every accepted session is final, lets the reconciler remove what died workers and
uploads left, then looks at rows, audit trail, objects, keys, logs and Redis, past all walls. What it
finds wrong it says; nothing found is a pass.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session as DbSession

from shared.db.connection.engine import Database
from shared.db.queries.work import outputs
from shared.db.queries.work.outputs import Product
from shared.db.tables.core import AuditEvent, Output, Patient, StepRow, TherapySession
from shared.db.tables.lifecycle import Tombstone
from shared.db.tables.records import NotesVersion
from shared.domain.status import FINAL, Status
from shared.domain.transcripts.serialization import transcript_from_json
from shared.services.operations.reconciliation import Places, reconcile
from shared.storage.recordings import RECORDING, SPEECH
from shared.vault.keystore import KeyStore
from shared.vault.sealing import Subject, Vault
from tests.database import everything
from tests.faults import engines
from tests.faults.clinic import Accepted, Clinic
from tests.faults.listening import RedisListener
from tests.faults.machine import Machine
from tests.leaks import holders_of


@dataclass
class Verdict:
    """What was found: counts, and everything wrong by kind."""

    accepted: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    settled_in_seconds: float = 0.0
    attempts: int = 0
    most_attempts: int = 0
    fenced: int = 0
    given_back: int = 0
    redis_commands: int = 0
    left_to_reconcile: int = 0
    lost: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    disordered: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    orphaned: list[str] = field(default_factory=list)

    @property
    def problems(self) -> list[str]:
        kinds = ("lost", "stuck", "doubled", "disordered", "told", "orphaned")
        return [f"{kind}: {found}" for kind in kinds for found in getattr(self, kind)]


def judge(
    clinic: Clinic,
    listener: RedisListener | None = None,
    *,
    within: float = 150,
    may_fail: frozenset[str] = frozenset(),
) -> Verdict:
    """The verdict on all sessions that the clinic was promised, once they are final or time is over.

    ``may_fail``: error codes with which a session may have ended.
    """
    verdict = Verdict(accepted=len(clinic.accepted))
    began = time.monotonic()
    while _unsettled(clinic) and time.monotonic() < began + within:
        time.sleep(0.09)
    verdict.settled_in_seconds = round(time.monotonic() - began, 1)
    verdict.left_to_reconcile = _reconcile(clinic.machine)
    with everything(clinic.machine.postgres.url) as db:
        for session in clinic.accepted.values():
            _judge_session(db, clinic.machine, session, verdict, may_fail, lets_go=clinic.lets_go)
        _count(db, verdict)
        verdict.orphaned += _orphans(db, clinic.machine, clinic.accepted)
    verdict.told += _told(clinic.machine, listener)
    verdict.redis_commands = listener.commands if listener else 0
    return verdict


def _unsettled(clinic: Clinic) -> set[UUID]:
    """Sessions that are not final, and deleted ones whose objects are still to be removed."""
    with everything(clinic.machine.postgres.url) as db:
        final = set(db.scalars(select(TherapySession.id).where(TherapySession.status.in_(FINAL))))
        erased = set(db.scalars(select(Tombstone.session_id).where(Tombstone.erased_at.is_not(None))))
    old = {session.id for session in clinic.accepted.values() if session.old and clinic.lets_go}
    return set(clinic.accepted) - (final - old) - erased


def _reconcile(machine: Machine) -> int:
    """How much the reconciler removes that has no owner, however young it is."""
    with closing(Database(machine.postgres.url, pool_size=1)) as database:
        places = Places(database, machine.store, KeyStore(machine.keys))
        return reconcile(places, grace_seconds=0, remove=True, even_if_many=True).removed


def _judge_session(
    db: DbSession,
    machine: Machine,
    session: Accepted,
    verdict: Verdict,
    may_fail: frozenset[str],
    *,
    lets_go: bool,
) -> None:
    row = db.get(TherapySession, session.id)
    if session.deleted:
        verdict.statuses["deleted"] += 1
        if row is not None:
            verdict.stuck.append(f"{session.id} was deleted and is there")
        return
    if row is None:
        verdict.statuses["gone"] += 1
        if db.get(Tombstone, session.id) is None:
            verdict.lost.append(f"{session.id} was accepted and is gone")
        elif not (session.deletion_asked or session.old):
            verdict.lost.append(f"{session.id} was removed, and nobody asked for it")
        return
    verdict.statuses[row.status] += 1
    if session.old and lets_go:
        verdict.stuck.append(f"{session.id} is older than the rule lets it be, and is {row.status}")
    if row.status not in FINAL:
        verdict.stuck.append(f"{session.id} is {row.status}: {_steps_of(db, session.id)}")
    elif row.status == Status.FAILED and row.error_code not in may_fail:
        verdict.lost.append(f"{session.id} failed with {row.error_code}")
    elif row.status == Status.CANCELLED and not session.cancelled:
        verdict.lost.append(f"{session.id} was cancelled by nobody")
    elif row.status == Status.PROCESSED:
        verdict.doubled += _doubled(db, session)
        verdict.disordered += _disordered(db, machine, session)


def _steps_of(db: DbSession, session_id: UUID) -> list[tuple[str, int, str, int]]:
    found = db.scalars(select(StepRow).where(StepRow.session_id == session_id, StepRow.state != "done"))
    return [(step.name, step.part, str(step.state), step.attempt) for step in found]


def _doubled(db: DbSession, session: Accepted) -> Iterator[str]:
    """Effects of a processed session that are there twice, or not at all."""
    ended = select(AuditEvent.step, AuditEvent.part).where(
        AuditEvent.subject_id == session.id, AuditEvent.action == "step.done"
    )
    done = Counter((row.step, row.part) for row in db.execute(ended))
    chunks = {("transcribe_chunk", part): 1 for part in range(1, session.chunks + 1)}
    chain = {("transcribe", 0): 1, ("extract_notes", 0): 1, ("persist", 0): 1}
    if done != Counter(chunks | chain):
        yield f"{session.id} has done {dict(done)}"
    outputs_of = select(Output.name, Output.part).where(Output.session_id == session.id)
    made = [(row.name, row.part) for row in db.execute(outputs_of)]
    if sorted(made) != [("transcript", 0), ("waveform", 0)]:
        yield f"{session.id} has outputs {made}"
    by_no_person = NotesVersion.session_id == session.id, NotesVersion.author_id.is_(None)
    versions = list(db.scalars(select(NotesVersion.version).where(*by_no_person)))
    if versions != [1]:
        yield f"{session.id} has notes {versions}"


def _disordered(db: DbSession, machine: Machine, session: Accepted) -> Iterator[str]:
    """Whether steps ended, and the transcript tells, in another order than they should."""
    ended = [
        f"{event.step}.{event.action.removeprefix('step.')}"
        for event in db.scalars(
            select(AuditEvent)
            .where(
                AuditEvent.subject_id == session.id,
                AuditEvent.action.in_(("step.done", "step.fanned_out")),
            )
            .order_by(AuditEvent.id)
        )
    ]
    chunks = ["transcribe_chunk.done"] * session.chunks
    wanted = ["transcribe.fanned_out", *chunks, "transcribe.done", "extract_notes.done", "persist.done"]
    if ended != wanted:
        yield f"{session.id} went {ended}"
    row = db.get_one(TherapySession, session.id)
    sealed = outputs.get(db, session.id, Product.TRANSCRIPT)
    if sealed is None:
        return  # told by the other half
    opened = Vault(KeyStore(machine.keys)).open(
        Subject(row.practice_id, row.id), outputs.kind(Product.TRANSCRIPT), sealed
    )
    text = " ".join(segment.text for segment in transcript_from_json(opened).segments)
    if engines.heard_in(text) != engines.should_be_heard(session.chunks):
        yield f"{session.id} was heard as {engines.heard_in(text)}"


def _count(db: DbSession, verdict: Verdict) -> None:
    by_action = select(AuditEvent.action, func.count().label("times")).group_by(AuditEvent.action)
    counted = {row.action: row.times for row in db.execute(by_action)}
    verdict.attempts = counted.get("step.started", 0)
    verdict.fenced = counted.get("step.fenced", 0)
    verdict.given_back = counted.get("step.given_back", 0)
    verdict.most_attempts = db.scalar(select(func.max(StepRow.attempt))) or 0


def _orphans(db: DbSession, machine: Machine, accepted: dict[UUID, Accepted]) -> Iterator[str]:
    """Objects and keys that no row owns, and rows without theirs, after the reconciler."""
    rows = {row.id: row for row in db.scalars(select(TherapySession))}
    patients = set(db.scalars(select(Patient.id)))
    objects: defaultdict[UUID, set[str]] = defaultdict(set)  # names by session; a partial one is none
    for stored in machine.store.list():
        _, session_id, name = stored.name.split("/")
        objects[UUID(session_id)].add(name)
    for session_id in set(accepted) & set(rows):
        wanted = {RECORDING} if rows[session_id].status in FINAL else {RECORDING, SPEECH}
        there = objects[session_id]
        if RECORDING not in there or not there <= wanted:
            yield f"{session_id} ({rows[session_id].status}) has the objects {sorted(there)}"
    keys = {UUID(path.stem) for path in (machine.keys / "subjects").glob("*/*.key")}
    for gone in set(accepted) - set(rows):
        if gone in keys:
            yield f"{gone} is deleted, and its key is there"
        for name in objects[gone]:
            yield f"{gone} is deleted, and its {name} is there"
    for owner in (set(rows) | patients) - keys:
        yield f"{owner} has no key"


def _told(machine: Machine, listener: RedisListener | None) -> Iterator[str]:
    """Where what was said is readable."""
    yield from (f"a log: {name}" for name in holders_of(machine.marker, machine.logs))
    if listener is not None:
        yield from (f"Redis was told: {line[:80]!r}" for line in listener.found)
        yield from (f"Redis holds: {key}" for key in listener.look_at_keys())
