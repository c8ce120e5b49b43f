"""Sessions in the database, and workbenches with engines that cost nothing."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, select

from shared.db.queries.records import sessions
from shared.db.queries.work import steps
from shared.db.tables.core import AuditEvent, Output, StepRow, TherapySession
from shared.db.tables.records import NotesVersion
from shared.domain.notes.items import Item
from shared.domain.ports import NoteExtractor, SpeechAnalyser, Transcriber
from shared.domain.status import Status, StepState
from shared.domain.values import Chunk, SpeechPlan, Turn, Utterance
from shared.domain.verification.risk import Screening
from shared.services.jobs.worker_context import Workbench
from shared.services.resources import Resources
from shared.services.steps import chunk_transcription, extraction, persistence, transcription
from shared.services.uploads.registration import FILE_NAME
from shared.storage.recordings import RECORDING
from shared.vault.sealing import Subject
from tests.database import everything
from tests.fakes.notes import FakeExtractor
from tests.fakes.speech import FakeSpeechAnalyser, FakeTranscriber
from tests.servers import Office
from workers.engines.rules.risk import screen


def plan_of(chunks: int) -> SpeechPlan:
    """A minute of two voices in ``chunks`` chunks of one utterance each."""
    length = 60.0 / max(chunks, 1)
    utterances = [Utterance(i * length, (i + 1) * length - 0.5) for i in range(chunks)]
    turns = tuple(Turn(u.start, u.end, f"Speaker {i % 2 + 1}") for i, u in enumerate(utterances))
    return SpeechPlan(60.0, tuple(Chunk((utterance,)) for utterance in utterances), turns)


def promise(resources: Resources, office: Office) -> UUID:
    """An accepted session, as an upload leaves it, whose message was never sent."""
    session = Subject(office.caller.practice_id, uuid4())
    resources.vault.keys.create(session.practice_id, session.id)
    with resources.recordings.create(session, RECORDING) as write:
        write(b"a recording")
    with resources.database.transaction(session.practice_id) as db:
        sessions.add(
            db,
            TherapySession(
                id=session.id,
                practice_id=session.practice_id,
                therapist_id=office.caller.therapist_id,
                patient_id=office.patient_id,
                session_date=func.now(),
                status=Status.PENDING,
                audio_filename=resources.vault.seal(session, FILE_NAME, "a.wav"),
                audio_family="wav",
                audio_bytes=11,
                audio_sha256="0" * 64,
                speakers=2,
                template="default",
            ),
        )
        steps.insert_chain(db, session.practice_id, session.id)
    return session.id


def bench_with(
    resources: Resources,
    *,
    analyser: SpeechAnalyser | None = None,
    transcriber: Transcriber | None = None,
    extractor: NoteExtractor | None = None,
    worker: str = "worker-1",
) -> Workbench:
    """A workbench whose engines are fakes unless given."""
    return Workbench(
        resources=resources,
        worker=worker,
        build_analyser=lambda: analyser or FakeSpeechAnalyser(plan_of(3)),
        build_transcriber=_by_name(transcriber or FakeTranscriber()),
        build_extractor=_once(extractor or FakeExtractor()),
        screen_risk=lambda transcript: Screening([Item.of(flag) for flag in screen(transcript)]),
    )


def _by_name(engine: Any) -> Callable[[str], Any]:
    return lambda _: engine


def _once(engine: Any) -> Callable[[], Any]:
    return lambda: engine


def work(bench: Workbench, session_id: UUID) -> None:
    """Do what the messages of one session would have done, in one process."""
    transcription.transcribe(bench, session_id)
    for _ in range(_ready_chunks(bench.resources, session_id)):
        chunk_transcription.transcribe_chunk(bench, session_id)
    transcription.transcribe(bench, session_id)
    extraction.extract_notes(bench, session_id)
    persistence.persist(bench, session_id)


def _ready_chunks(resources: Resources, session_id: UUID) -> int:
    query = (
        select(func.count())
        .select_from(StepRow)
        .where(
            StepRow.session_id == session_id,
            StepRow.name == "transcribe_chunk",
            StepRow.state == StepState.READY,
            StepRow.not_before.is_(None),
        )
    )
    with everything(resources) as db:
        return db.scalar(query) or 0


def row(resources: Resources, session_id: UUID) -> TherapySession:
    with everything(resources) as db:
        return db.get_one(TherapySession, session_id)


def step(resources: Resources, session_id: UUID, name: str, part: int = 0) -> StepRow:
    with everything(resources) as db:
        return db.get_one(StepRow, (session_id, name, part))


def products(resources: Resources, session_id: UUID) -> list[str]:
    with everything(resources) as db:
        return sorted(db.scalars(select(Output.name).where(Output.session_id == session_id)))


def versions(resources: Resources, session_id: UUID) -> list[int]:
    with everything(resources) as db:
        return sorted(db.scalars(select(NotesVersion.version).where(NotesVersion.session_id == session_id)))


def audited(resources: Resources, session_id: UUID, action: str) -> int:
    with everything(resources) as db:
        return len(
            db.scalars(
                select(AuditEvent.id).where(AuditEvent.subject_id == session_id, AuditEvent.action == action)
            ).all()
        )
