"""Whose turn it is: practices share the workers, whatever each has uploaded."""

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from celery.exceptions import Ignore
from sqlalchemy import func, select, update

from shared.db.queries.work import steps
from shared.db.queries.work.step_claims import Lease
from shared.db.tables.core import StepRow, TherapySession
from shared.domain.errors import PermanentStepError
from shared.domain.status import Status, StepState
from shared.domain.values import TranscriberCapabilities
from shared.pipeline import (
    CHAIN,
    EXTRACT_NOTES,
    PERSIST,
    QUEUES,
    STEPS,
    TRANSCRIBE,
    TRANSCRIBE_CHUNK,
    Step,
    following,
)
from shared.services.jobs import leases, scheduling
from shared.services.jobs.worker_context import Workbench
from shared.services.resources import Resources
from shared.services.sessions import reading as sessions
from shared.services.steps import transcription
from tests.database import everything
from tests.fakes.speech import FakeSpeechAnalyser, FakeTranscriber
from tests.integration.eager import tasks, working_at
from tests.integration.sessions import bench_with, plan_of, promise, row, step, work
from tests.servers import Office, make_office


class Messages:
    """First in, first out, as Redis hands messages out; a chain goes on as a worker's would."""

    def __init__(self) -> None:
        self.waiting: dict[str, deque[tuple[Step, UUID]]] = {name: deque() for name in QUEUES}

    def publish(self, session_id: UUID, first: Step = CHAIN[0], *, urgent: bool = False) -> bool:
        self.waiting["urgent" if urgent else first.queue].append((first, session_id))
        return True

    def publish_chunks(self, session_id: UUID, count: int) -> bool:
        self.waiting[TRANSCRIBE_CHUNK.queue].extend([(TRANSCRIBE_CHUNK, session_id)] * count)
        return True

    def deliver(self) -> None:
        """Have one worker take one message."""
        step, session_id = next(queue for queue in self.waiting.values() if queue).popleft()
        after = following(step)
        try:
            getattr(tasks, step.name)(str(session_id))
        except Ignore:
            return
        if after is not None:
            self.publish(session_id, after)


def delivering(resources: Resources, **engines: object) -> tuple[Workbench, Messages]:
    messages = Messages()
    known = replace(resources, queue=messages)  # type: ignore[arg-type]  # stands in for a WorkQueue
    return bench_with(known, **engines), messages  # type: ignore[arg-type]


def copies(resources: Resources, session_id: UUID, count: int) -> list[UUID]:
    """As many sessions like this one, which nobody gets to: their recordings do not exist."""
    made = [uuid4() for _ in range(count)]
    with everything(resources) as db:
        for table in (TherapySession.__table__, StepRow.__table__):
            own = "id" if table is TherapySession.__table__ else "session_id"
            rows = [
                dict(found._mapping) for found in db.execute(select(table).where(table.c[own] == session_id))
            ]
            db.execute(table.insert(), [{**found, own: copy} for found in rows for copy in made])  # type: ignore[attr-defined]
    return made


def count_of(resources: Resources, office: Office, *where: object) -> int:
    query = select(func.count()).select_from(TherapySession)
    with everything(resources) as db:
        return db.scalar(query.where(TherapySession.practice_id == office.caller.practice_id, *where)) or 0  # type: ignore[arg-type]


def test_two_hundred_recordings_delay_another_practices_one_by_no_more_than_one_of_them(
    resources: Resources, office: Office
) -> None:
    bench, messages = delivering(resources)
    busy = [promise(resources, office) for _ in range(3)]
    for session_id in [*busy, *copies(resources, busy[-1], 197)]:
        messages.publish(session_id)
    single = promise(resources, make_office(resources))
    messages.publish(single)
    one_recording = 7  # decode, three chunks, unite, extract, persist
    delivered = 0
    with working_at(bench):
        while row(resources, single).status != Status.PROCESSED:
            messages.deliver()
            delivered += 1
            assert delivered <= 2 * one_recording + 1
    assert count_of(resources, office, TherapySession.status == Status.PROCESSED) <= 1


def test_all_of_them_are_done_in_the_end_without_a_dispatcher(resources: Resources, office: Office) -> None:
    bench, messages = delivering(resources)
    offices = [office, make_office(resources), make_office(resources)]
    for session_id in [promise(resources, offices[i % 3]) for i in range(9)]:
        messages.publish(session_id)
    with working_at(bench):
        while any(messages.waiting.values()):
            messages.deliver()
    done = TherapySession.status == Status.PROCESSED
    assert sum(count_of(resources, each, done) for each in offices) == 9


def test_practices_that_wait_alike_take_turns(resources: Resources, office: Office) -> None:
    other = make_office(resources)
    bench = bench_with(resources)
    first = [promise(resources, office) for _ in range(3)]
    [promise(resources, other) for _ in range(3)]
    taken = [claim_next(bench, first[0]) for _ in range(6)]
    practices = [lease.practice_id for lease in taken]
    a, b = office.caller.practice_id, other.caller.practice_id
    assert practices in ([a, b] * 3, [b, a] * 3)


def claim_next(bench: Workbench, woken_for: UUID, step: Step = TRANSCRIBE) -> Lease:
    """The lease that a worker takes which was woken up for this session."""
    taken: list[Lease] = []

    def note(_: Workbench, __: UUID, lease: Lease) -> bool:
        taken.append(lease)
        return False

    scheduling.take(bench, step, woken_for, dict.fromkeys(STEPS, note))
    (lease,) = taken
    return lease


def test_workers_who_ask_at_the_same_moment_are_shared_out(resources: Resources, office: Office) -> None:
    other = make_office(resources)
    ours = [promise(resources, office) for _ in range(20)]
    [promise(resources, other) for _ in range(20)]
    bench = bench_with(resources)
    with ThreadPoolExecutor(5) as pool:
        taken = list(pool.map(lambda _: claim_next(bench, ours[0]), range(20)))
    assert len({lease.session_id for lease in taken}) == 20
    of_ours = sum(lease.practice_id == office.caller.practice_id for lease in taken)
    assert 8 <= of_ours <= 12


def test_a_short_recording_does_not_wait_for_the_chunks_of_a_long_one(
    resources: Resources, office: Office
) -> None:
    bench = bench_with(resources, analyser=FakeSpeechAnalyser(plan_of(30)))
    long = promise(resources, office)
    set_due(resources, long, seconds=4 * 3600)
    transcription.transcribe(bench, long)
    short = promise(resources, office)
    set_due(resources, short, seconds=600)
    assert claim_next(bench, long, TRANSCRIBE_CHUNK).session_id == short
    assert claim_next(bench, long, TRANSCRIBE_CHUNK).session_id == long


def set_due(resources: Resources, session_id: UUID, *, seconds: float) -> None:
    with everything(resources) as db:
        later = func.now() + func.make_interval(0, 0, 0, 0, 0, 0, seconds)
        db.execute(update(StepRow).where(StepRow.session_id == session_id).values(due_at=later))


def test_chunks_have_the_place_of_their_recording(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    set_due(resources, session_id, seconds=4 * 3600)
    transcription.transcribe(bench_with(resources), session_id)
    whole = step(resources, session_id, TRANSCRIBE.name)
    assert step(resources, session_id, TRANSCRIBE_CHUNK.name, 2).due_at == whole.due_at


def test_a_chunks_message_that_unites_wakes_up_who_writes_the_notes(
    resources: Resources, office: Office
) -> None:
    bench, messages = delivering(resources, analyser=FakeSpeechAnalyser(plan_of(2)))
    session_id = promise(resources, office)
    with working_at(bench):
        messages.publish(session_id)
        messages.deliver()
        messages.deliver()  # the second chunk, and since it was the last, what unites them
    assert step(resources, session_id, TRANSCRIBE.name).state == StepState.DONE
    assert (EXTRACT_NOTES, session_id) in messages.waiting[EXTRACT_NOTES.queue]


def test_an_abandoned_step_is_somebodys_turn_too(resources: Resources, office: Office) -> None:
    bench = bench_with(resources)
    session_id = promise(resources, office)
    first = claim_next(bench, session_id)
    lapse_all(resources)
    again = claim_next(bench, session_id)
    assert (again.session_id, again.attempt) == (first.session_id, 2)


def lapse_all(resources: Resources) -> None:
    with everything(resources) as db:
        past = func.now() - func.make_interval(0, 0, 0, 0, 0, 1)
        db.execute(update(StepRow).where(StepRow.state == StepState.RUNNING).values(lease_until=past))


def test_what_somebody_waits_for_is_done_as_it_comes(resources: Resources, office: Office) -> None:
    bench, messages = delivering(resources)
    waited_for = promise(resources, office)
    work(bench_with(resources), waited_for)
    other = promise(resources, make_office(resources))
    extract_only(resources, other)
    with working_at(bench):
        sessions.extract_again(bench.resources, office.caller, waited_for, urgent=True)
        assert list(messages.waiting["urgent"]) == [(EXTRACT_NOTES, waited_for)]
        messages.deliver()
    assert step(resources, waited_for, EXTRACT_NOTES.name).state == StepState.DONE
    assert step(resources, other, EXTRACT_NOTES.name).state == StepState.READY


def extract_only(resources: Resources, session_id: UUID) -> None:
    """As after transcribing."""
    with everything(resources) as db:
        steps.make_ready(db, session_id, EXTRACT_NOTES, from_state=StepState.WAITING)


def test_an_urgent_message_that_comes_too_late_takes_nobody_elses_turn(
    resources: Resources, office: Office
) -> None:
    bench, _ = delivering(resources)
    waited_for = promise(resources, office)
    work(bench_with(resources), waited_for)
    other = promise(resources, make_office(resources))
    extract_only(resources, other)
    with everything(resources) as db:
        steps.begin_again(db, waited_for, EXTRACT_NOTES, urgent=True)
        db.execute(update(StepRow).where(StepRow.session_id == waited_for).values(state=StepState.RUNNING))
    with working_at(bench), pytest.raises(Ignore):
        tasks.extract_notes(str(waited_for))
    assert step(resources, other, EXTRACT_NOTES.name).state == StepState.READY


def test_a_failed_session_has_nothing_that_anybody_could_claim(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    broken = PermanentStepError("The engine refuses.", "engine_refused_request")
    bench = bench_with(resources, transcriber=FakeTranscriber(errors=[broken]))
    work(bench, session_id)
    assert row(resources, session_id).status == Status.FAILED
    states = {step(resources, session_id, TRANSCRIBE_CHUNK.name, part).state for part in (1, 2, 3)}
    assert states == {StepState.FAILED}
    sessions.retry(resources, office.caller, session_id)
    work(bench, session_id)
    assert row(resources, session_id).status == Status.PROCESSED


def test_an_engine_behind_http_lets_others_have_their_turn_after_a_chunk(
    resources: Resources, office: Office
) -> None:
    bench, messages = delivering(resources, analyser=FakeSpeechAnalyser(plan_of(8)), transcriber=TwoCalls())
    long = promise(resources, office)
    transcription.transcribe(bench, long)
    promise(resources, make_office(resources))
    with working_at(bench):
        tasks.transcribe_chunk(str(long))  # the other practice comes first
        tasks.transcribe_chunk(str(long))
    done = [step(resources, long, TRANSCRIBE_CHUNK.name, part).state for part in range(1, 9)]
    assert done.count(StepState.DONE) == 2
    assert (TRANSCRIBE_CHUNK, long) in messages.waiting["transcribe"]


class TwoCalls(FakeTranscriber):
    """An engine behind HTTP: two calls at once."""

    @property
    def capabilities(self) -> TranscriberCapabilities:
        return replace(super().capabilities, parallel_calls=2)


def test_the_chain_ends_where_the_session_has_nothing_waiting(resources: Resources, office: Office) -> None:
    bench, _ = delivering(resources)
    session_id = promise(resources, office)
    with working_at(bench):
        with pytest.raises(Ignore):
            tasks.extract_notes(str(session_id))
        tasks.persist(str(session_id))
    assert row(resources, session_id).status == Status.PENDING
    with everything(resources) as db:
        assert not db.scalar(select(func.sum(StepRow.attempt)).where(StepRow.session_id == session_id))


def test_the_place_in_the_queue_is_the_promise_and_the_length(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    with everything(resources) as db:
        db.execute(StepRow.__table__.delete().where(StepRow.session_id == session_id))
        steps.insert_chain(db, office.caller.practice_id, session_id, 3000.0)
        now = db.scalar(select(func.now()))
    assert now is not None
    due = step(resources, session_id, PERSIST.name).due_at
    assert (due - now).total_seconds() == pytest.approx(3000, abs=1)
    assert leases.claim(resources.database, session_id, TRANSCRIBE, lease_seconds=60, worker="w")
