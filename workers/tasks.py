"""The tasks: each wakes up a worker, which does what is next; what is to be done stands in Postgres."""

from collections.abc import Mapping
from uuid import UUID

from celery import shared_task
from celery.exceptions import Ignore

from shared.pipeline import EXTRACT_NOTES, PERSIST, REDACT, TRANSCRIBE, TRANSCRIBE_CHUNK, Step
from shared.services.jobs import scheduling
from shared.services.steps import chunk_transcription, extraction, persistence, redaction, transcription
from workers.base import SessionTask
from workers.dependencies import bench

RUN: Mapping[str, scheduling.Run] = {
    TRANSCRIBE.name: transcription.transcribe,
    TRANSCRIBE_CHUNK.name: chunk_transcription.transcribe_chunk,
    REDACT.name: redaction.redact,
    EXTRACT_NOTES.name: extraction.extract_notes,
    PERSIST.name: persistence.persist,
}


def _task(step: Step):  # type: ignore[no-untyped-def]  # Celery's decorator is untyped
    return shared_task(name=step.task, base=SessionTask)


def _take_turn(step: Step, session_id: UUID) -> None:
    """Do what is next in the step's queue; the chain goes on if the session's next step waits."""
    if not scheduling.take(bench(), step, session_id, RUN):
        raise Ignore


@_task(TRANSCRIBE)
def transcribe(session_id: UUID) -> None:
    """Decode and share out, or unite; the chain goes on once there is a transcript."""
    _take_turn(TRANSCRIBE, session_id)


@_task(TRANSCRIBE_CHUNK)
def transcribe_chunk(session_id: UUID) -> None:
    """Transcribe one unclaimed chunk."""
    scheduling.take(bench(), TRANSCRIBE_CHUNK, session_id, RUN)


@_task(REDACT)
def redact(session_id: UUID) -> None:
    """Take what is off the record out of a stored recording."""
    scheduling.take(bench(), REDACT, session_id, RUN)


@_task(EXTRACT_NOTES)
def extract_notes(session_id: UUID) -> None:
    """Draft notes; the chain goes on once there is a draft."""
    _take_turn(EXTRACT_NOTES, session_id)


@_task(PERSIST)
def persist(session_id: UUID) -> None:
    """Verify and publish notes."""
    scheduling.take(bench(), PERSIST, session_id, RUN)
