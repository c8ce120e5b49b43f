"""How far a session is, and how long it may still take, from its steps' rows."""

from uuid import UUID

import pytest
from sqlalchemy import text

from shared.db.queries.work import progress
from shared.db.queries.work.progress import Progress
from shared.services.resources import Resources
from shared.services.steps import chunk_transcription, transcription
from tests.database import everything
from tests.fakes.speech import FakeSpeechAnalyser
from tests.integration.sessions import bench_with, plan_of, promise
from tests.servers import Office


@pytest.fixture
def session_id(resources: Resources, office: Office) -> UUID:
    """A session in six chunks of 9.5 s of speech each, of which nobody has one."""
    session_id = promise(resources, office)
    transcription.transcribe(bench_with(resources, analyser=FakeSpeechAnalyser(plan_of(6))), session_id)
    return session_id


def chunk(resources: Resources, session_id: UUID, part: int, setting: str) -> None:
    with everything(resources) as db:
        db.execute(
            text(f"UPDATE steps SET {setting} WHERE session_id = :id AND part = :part"),
            {"id": session_id, "part": part},
        )


def done(resources: Resources, session_id: UUID, part: int, seconds: float, ago: float = 0) -> None:
    chunk(
        resources,
        session_id,
        part,
        f"state = 'done', progress = 1, done_at = now() - interval '{ago} s',"
        f" started_at = now() - interval '{ago + seconds} s'",
    )


def running(resources: Resources, session_id: UUID, part: int, seconds: float, share: float) -> None:
    chunk(
        resources,
        session_id,
        part,
        f"state = 'running', progress = {share}, started_at = now() - interval '{seconds} s'",
    )


def found(resources: Resources, office: Office, session_id: UUID) -> Progress:
    with resources.database.transaction(office.caller.practice_id) as db:
        return progress.of_sessions(db, [session_id])[session_id]


def test_there_is_no_estimate_before_anything_is_heard(
    resources: Resources, office: Office, session_id: UUID
) -> None:
    assert found(resources, office, session_id) == Progress(0.0)
    running(resources, session_id, 1, 300, 0.0)
    assert found(resources, office, session_id) == Progress(0.0)


def test_the_rest_is_estimated_at_the_pace_of_what_is_done(
    resources: Resources, office: Office, session_id: UUID
) -> None:
    done(resources, session_id, 1, seconds=400)
    running(resources, session_id, 2, 200, 0.5)  # one worker: 400 s a chunk, and 4.5 chunks are left
    reached = found(resources, office, session_id)
    assert reached.share == pytest.approx(0.9 * 1.5 / 6)
    assert reached.seconds_left == pytest.approx(1800, rel=0.05)


def test_workers_side_by_side_share_the_rest(resources: Resources, office: Office, session_id: UUID) -> None:
    running(resources, session_id, 1, 200, 0.5)
    running(resources, session_id, 2, 200, 0.5)
    assert found(resources, office, session_id).seconds_left == pytest.approx(1000, rel=0.05)


def test_a_night_between_two_attempts_is_no_pace(
    resources: Resources, office: Office, session_id: UUID
) -> None:
    done(resources, session_id, 1, seconds=400, ago=40_000)
    assert found(resources, office, session_id).seconds_left is None  # nobody works on it
    running(resources, session_id, 2, 200, 0.5)
    assert found(resources, office, session_id).seconds_left == pytest.approx(1800, rel=0.05)


def test_once_there_is_a_transcript_nothing_of_it_is_left(
    resources: Resources, office: Office, session_id: UUID
) -> None:
    bench = bench_with(resources)
    for _ in range(6):
        chunk_transcription.transcribe_chunk(bench, session_id)
    transcription.transcribe(bench, session_id)
    assert found(resources, office, session_id) == Progress(0.9)
