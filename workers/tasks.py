"""The tasks: each wakes one service; what is to be done stands in Postgres."""

from uuid import UUID

from celery import shared_task
from celery.exceptions import Ignore

from shared.pipeline import EXTRACT_NOTES, PERSIST, TRANSCRIBE, TRANSCRIBE_CHUNK, Step
from shared.services import chunk_transcription, extraction, persistence, transcription
from workers.base import SessionTask
from workers.bench import bench


def _task(step: Step):  # type: ignore[no-untyped-def]  # Celery's decorator is untyped
    return shared_task(name=step.task, base=SessionTask)


@_task(TRANSCRIBE)
def transcribe(session_id: UUID) -> None:
    """Decode and share out, or unite; the chain goes on once there is a transcript."""
    if not transcription.transcribe(bench(), session_id):
        raise Ignore


@_task(TRANSCRIBE_CHUNK)
def transcribe_chunk(session_id: UUID) -> None:
    """Transcribe one chunk of the session that nobody has."""
    chunk_transcription.transcribe_chunk(bench(), session_id)


@_task(EXTRACT_NOTES)
def extract_notes(session_id: UUID) -> None:
    """Draft the notes; the chain goes on once there is a draft."""
    if not extraction.extract_notes(bench(), session_id):
        raise Ignore


@_task(PERSIST)
def persist(session_id: UUID) -> None:
    """Verify and publish the notes."""
    persistence.persist(bench(), session_id)
