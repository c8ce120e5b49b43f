"""A change of one session, or of one run of a step, leaves every row of the others as it was."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session as DbSession

from shared.db.queries.privacy import consents, deletions
from shared.db.queries.privacy.deletions import Remains
from shared.db.queries.records import sessions
from shared.db.queries.work import step_claims, steps
from shared.db.queries.work.step_claims import Lease
from shared.db.tables.core import StepRow, TherapySession
from shared.db.tables.lifecycle import Tombstone
from shared.domain.status import Status, StepState
from shared.pipeline import EXTRACT_NOTES, REDACT, TRANSCRIBE, TRANSCRIBE_CHUNK, Step
from shared.services.jobs import leases
from shared.services.resources import Resources
from shared.services.steps import transcription
from shared.vault.sealing import Sealed
from tests.database import everything
from tests.fakes.speech import FakeSpeechAnalyser
from tests.integration.sessions import bench_with, plan_of, promise, work
from tests.servers import Office

Act = Callable[[DbSession, Lease], object]
CHUNK = "transcribe_chunk"
CHUNKS = {(CHUNK, part) for part in (1, 2, 3, 4)}
ENDING = {("extract_notes", 0), ("persist", 0)}


@dataclass(frozen=True)
class Run:
    """A change, and the steps (with their parts) of its session that it is about."""

    act: Act
    changes: set[tuple[str, int]]


RUNS = {
    "extend": Run(
        lambda db, lease: step_claims.extend(db, lease, lease_seconds=900, progress=0.5), {(CHUNK, 1)}
    ),
    "finish": Run(lambda db, lease: step_claims.finish(db, lease, StepState.DONE), {(CHUNK, 1)}),
    "fail": Run(lambda db, lease: step_claims.fail(db, lease, "x"), {(CHUNK, 1)}),
    "postpone": Run(
        lambda db, lease: step_claims.postpone(db, lease, seconds=60, error_code="x"), {(CHUNK, 1)}
    ),
    "give back": Run(step_claims.give_back, {(CHUNK, 1)}),
    "make ready": Run(
        lambda db, lease: steps.make_ready(db, lease.session_id, EXTRACT_NOTES, from_state=StepState.WAITING),
        {("extract_notes", 0)},
    ),
    "make ready what is in another state": Run(
        lambda db, lease: steps.make_ready(db, lease.session_id, EXTRACT_NOTES, from_state=StepState.DONE),
        set(),
    ),
    "fan in before all are done": Run(lambda db, lease: steps.fan_in(db, lease.session_id), set()),
    "close what is open": Run(
        lambda db, lease: steps.close_open(db, lease.session_id, "x"), {(CHUNK, 1), (CHUNK, 2), (CHUNK, 3)}
    ),
    "stop": Run(
        lambda db, lease: steps.stop(db, lease.session_id, "x"),
        {("transcribe", 0), *ENDING, (CHUNK, 1), (CHUNK, 2), (CHUNK, 3)},
    ),
    "revive": Run(lambda db, lease: steps.revive(db, lease.session_id), {(CHUNK, 1), (CHUNK, 2), (CHUNK, 3)}),
    "begin the notes again": Run(
        lambda db, lease: steps.begin_again(db, lease.session_id, EXTRACT_NOTES), ENDING
    ),
    "begin all again": Run(
        lambda db, lease: steps.begin_again(db, lease.session_id, TRANSCRIBE),
        {("transcribe", 0), *ENDING, *CHUNKS},
    ),
    "redact first": Run(
        lambda db, lease: steps.put_first(db, lease.practice_id, lease.session_id, REDACT, EXTRACT_NOTES),
        {("redact", 0), *ENDING},
    ),
    "plan chunks": Run(
        lambda db, lease: (
            db.execute(text("DELETE FROM steps WHERE name = :c AND session_id = :id"), _ids(lease)),
            steps.insert_chunks(db, lease, [1.0, 2.0, 3.0, 4.0, 5.0]),
        ),
        {*CHUNKS, (CHUNK, 5)},
    ),
}


def _ids(lease: Lease) -> dict[str, object]:
    return {"c": CHUNK, "id": lease.session_id}


def under_way(resources: Resources, office: Office) -> Lease:
    """A session of four chunks: two are worked on, the third waits, the fourth is done; the first's lease."""
    session_id = promise(resources, office)
    bench = bench_with(resources, analyser=FakeSpeechAnalyser(plan_of(4)))
    transcription.transcribe(bench, session_id)
    with everything(resources) as db:
        last = update(StepRow).where(StepRow.session_id == session_id, StepRow.part == 4)
        db.execute(last.values(state=StepState.DONE))
    taken = [
        leases.claim(resources.database, session_id, TRANSCRIBE_CHUNK, lease_seconds=60, worker="w")
        for _ in range(2)
    ]
    assert taken[0]
    assert [lease.part for lease in taken if lease] == [1, 2]
    return taken[0]


def rows_beside(
    resources: Resources, session_id: UUID, changed: set[tuple[str, int]]
) -> dict[str, list[str]]:
    """Every row that is not the session's, and each of its steps but those."""
    of_sessions = "SELECT table_name FROM information_schema.columns WHERE column_name = 'session_id'"
    with everything(resources) as db:
        names = {*db.scalars(text(f"{of_sessions} AND table_schema = 'public'")), "sessions"} - {"steps"}
        found = {}
        for name in sorted(names):
            column = "id" if name == "sessions" else "session_id"
            rows = text(f"SELECT to_jsonb(t)::text FROM {name} t WHERE {column} <> :id ORDER BY 1")
            found[name] = list(db.scalars(rows, {"id": session_id}))
        every = db.execute(
            text("SELECT session_id, name, part, to_jsonb(t)::text FROM steps t ORDER BY 1, 2, 3")
        )
        found["steps"] = [row[3] for row in every if row[0] != session_id or (row[1], row[2]) not in changed]
    return found


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS.keys())
def test_a_change_of_one_run_touches_no_other(resources: Resources, office: Office, run: Run) -> None:
    lease, _ = under_way(resources, office), under_way(resources, office)
    before = rows_beside(resources, lease.session_id, run.changes)
    steps_before = rows_beside(resources, lease.session_id, set())["steps"]
    with everything(resources) as db:
        run.act(db, lease)
    assert rows_beside(resources, lease.session_id, run.changes) == before
    changed = rows_beside(resources, lease.session_id, set())["steps"] != steps_before
    assert changed == bool(run.changes)


def test_only_abandoned_runs_of_that_step_of_that_session_fail(resources: Resources, office: Office) -> None:
    lease, other = under_way(resources, office), under_way(resources, office)
    with everything(resources) as db:
        lapsed = "UPDATE steps SET attempt = max_attempts, lease_until = now() - interval '1 s'"
        db.execute(text(f"{lapsed} WHERE state = 'running'"))
        db.execute(text("UPDATE steps SET lease_until = now() + interval '1 h' WHERE part = 2"))
    before = rows_beside(resources, lease.session_id, {(CHUNK, 1)})
    with everything(resources) as db:
        assert step_claims.fail_abandoned(db, lease.session_id, TRANSCRIBE_CHUNK)
    assert rows_beside(resources, lease.session_id, {(CHUNK, 1)}) == before
    with everything(resources) as db:
        states = select(StepRow.state).where(StepRow.session_id == other.session_id, StepRow.part == 1)
        assert db.scalars(states).one() == StepState.RUNNING


def test_a_run_with_attempts_left_is_not_failed(resources: Resources, office: Office) -> None:
    lease = under_way(resources, office)
    with everything(resources) as db:
        db.execute(text("UPDATE steps SET lease_until = now() - interval '1 s' WHERE state = 'running'"))
        assert not step_claims.fail_abandoned(db, lease.session_id, TRANSCRIBE_CHUNK)


def claimed(db: DbSession, session_id: UUID, step: Step) -> int | None:
    """The part that is taken; None if there is nothing to take."""
    found = step_claims.claim(db, session_id, step, lease_seconds=60, worker="w")
    return None if found is None else found[0].part


def test_a_claim_takes_one_part_of_its_session_and_is_told_of_no_other(
    resources: Resources, office: Office
) -> None:
    lease, other = under_way(resources, office), under_way(resources, office)
    before = rows_beside(resources, lease.session_id, {(CHUNK, 3)})
    with everything(resources) as db:
        assert claimed(db, lease.session_id, TRANSCRIBE_CHUNK) == 3
    assert rows_beside(resources, lease.session_id, {(CHUNK, 3)}) == before
    with everything(resources) as db:  # nothing is left of it, though the other session has a part
        assert claimed(db, lease.session_id, TRANSCRIBE_CHUNK) is None
        assert claimed(db, other.session_id, EXTRACT_NOTES) is None
        assert claimed(db, other.session_id, TRANSCRIBE_CHUNK) == 3


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ("UPDATE steps SET not_before = now() + interval '1 h'", None),
        ("UPDATE steps SET not_before = now() - interval '1 s'", 3),
        ("UPDATE steps SET attempt = max_attempts", None),
        ("UPDATE sessions SET status = 'cancelled'", None),
        ("UPDATE sessions SET status = 'failed'", None),
        ("UPDATE steps SET lease_until = now() - interval '1 s' WHERE part = 2", 2),
        ("UPDATE steps SET deadline_at = now() - interval '1 s' WHERE part = 2", 2),
        ("UPDATE steps SET state = 'waiting', lease_until = now() - interval '1 s' WHERE part = 3", None),
    ],
)
def test_only_what_is_due_or_abandoned_is_claimed(
    resources: Resources, office: Office, change: str, part: int | None
) -> None:
    lease = under_way(resources, office)
    with everything(resources) as db:
        db.execute(text(change))
        assert claimed(db, lease.session_id, TRANSCRIBE_CHUNK) == part


@pytest.mark.parametrize("status", ["cancelled", "failed", "processed"])
def test_no_run_of_a_session_that_is_over_ends_well_though_others_go_on(
    resources: Resources, office: Office, status: str
) -> None:
    lease, _ = under_way(resources, office), under_way(resources, office)
    with everything(resources) as db:
        over = text("UPDATE sessions SET status = :status WHERE id = :id")
        db.execute(over, {"status": status, "id": lease.session_id})
        assert not step_claims.finish(db, lease, StepState.DONE)
        assert not step_claims.extend(db, lease, lease_seconds=60, progress=0.5)


def test_the_last_chunk_of_a_session_ends_its_own_transcription_alone(
    resources: Resources, office: Office
) -> None:
    lease, other = under_way(resources, office), under_way(resources, office)
    done = update(StepRow).where(StepRow.session_id == lease.session_id, StepRow.name == CHUNK)
    with everything(resources) as db:
        db.execute(done.values(state=StepState.DONE))
    before = rows_beside(resources, lease.session_id, {("transcribe", 0)})
    with everything(resources) as db:
        assert steps.fan_in(db, lease.session_id)
        assert not steps.fan_in(db, lease.session_id)
        assert not steps.fan_in(db, other.session_id)
    assert rows_beside(resources, lease.session_id, {("transcribe", 0)}) == before


@pytest.mark.parametrize("changed", ["part", "step", "token", "session"])
def test_a_lease_is_of_one_run_and_no_other(resources: Resources, office: Office, changed: str) -> None:
    lease, other = under_way(resources, office), under_way(resources, office)
    wrong = {
        "part": replace(lease, part=2),
        "step": replace(lease, step="extract_notes"),
        "token": replace(lease, token=other.token),
        "session": replace(lease, session_id=other.session_id),
    }[changed]
    with everything(resources) as db:
        db.execute(text("UPDATE steps SET state = 'running' WHERE name = 'extract_notes'"))
        assert not step_claims.extend(db, wrong, lease_seconds=60, progress=0.0)
        assert not step_claims.finish(db, wrong, StepState.DONE)
        assert not step_claims.postpone(db, wrong, seconds=1, error_code=None)
        assert not step_claims.give_back(db, wrong)
        assert not step_claims.fail(db, wrong, "x")
        db.execute(text("UPDATE steps SET state = 'done'"))
        assert step_claims.was_closed_by(db, lease)
        assert not step_claims.was_closed_by(db, wrong)


SESSION_ACTS: dict[str, Act] = {
    "move": lambda db, lease: sessions.move(db, lease.session_id, Status.FAILED, error_code="x"),
    "dispatch in": lambda db, lease: sessions.dispatch_in(db, lease.session_id, 900),
    "dispatch within": lambda db, lease: sessions.dispatch_within(db, lease.session_id, -900),
    "look after": lambda db, lease: sessions.look_after_lease(db, lease.session_id, -900),
    "duration": lambda db, lease: sessions.set_duration(db, lease.session_id, 7.5),
    "removed": lambda db, lease: sessions.note_removed(db, lease.session_id, "audio_removed_at"),
    "digest": lambda db, lease: sessions.set_digest(db, lease.session_id, None),
    "reference": lambda db, lease: sessions.set_reference_hash(db, lease.session_id, b"x" * 32),
    "audio": lambda db, lease: sessions.replace_audio(
        db, lease.session_id, family="mp3", size=7, digest=Sealed(b"x")
    ),
    "remove": lambda db, lease: deletions.remove_rows(db, lease.session_id),
    "erased": lambda db, lease: deletions.mark_erased(db, lease.session_id),
    "settled": lambda db, lease: deletions.settle(db, lease.session_id),
    "scheduled": lambda db, lease: deletions.schedule(
        db, Remains(lease.session_id, lease.practice_id, whole=True), due_seconds=9, last_seconds=9
    ),
    "flagged": lambda db, lease: consents.unflag_part2(
        db, db.get_one(TherapySession, lease.session_id).patient_id, lease.session_id
    ),
}


@pytest.mark.parametrize("act", SESSION_ACTS.values(), ids=SESSION_ACTS.keys())
def test_a_change_of_one_session_touches_no_other(resources: Resources, office: Office, act: Act) -> None:
    lease, other = under_way(resources, office), under_way(resources, office)
    done = promise(resources, office)
    work(bench_with(resources), done)
    with everything(resources) as db:
        for session_id in (lease.session_id, other.session_id, done):
            row = db.get_one(TherapySession, session_id)
            deletions.leave_tombstone(db, row, {}, "x")
            deletions.schedule(
                db, Remains(row.id, row.practice_id, whole=True), due_seconds=-9, last_seconds=-9
            )
            consents.flag_part2(db, row.practice_id, row.patient_id, row.id, row.therapist_id)
        db.flush()
    flags = text("SELECT subject_id FROM part2_flags WHERE subject_id <> :id ORDER BY 1")
    with everything(resources) as db:
        flagged = list(db.scalars(flags, {"id": lease.session_id}))
        assert len(flagged) == 2
    before = rows_beside(resources, lease.session_id, set())
    with everything(resources) as db:
        act(db, lease)
    with everything(resources) as db:
        assert list(db.scalars(flags, {"id": lease.session_id})) == flagged
        assert db.scalar(select(Tombstone.erased_at).where(Tombstone.session_id == other.session_id)) is None
    assert {**rows_beside(resources, lease.session_id, set()), "steps": []} == {**before, "steps": []}


def test_a_step_that_waits_is_not_claimed_in_the_place_of_one_that_is_ready(
    resources: Resources, office: Office
) -> None:
    session_id = promise(resources, office)
    with everything(resources) as db:
        assert claimed(db, session_id, EXTRACT_NOTES) is None
        assert claimed(db, session_id, TRANSCRIBE) == 0
