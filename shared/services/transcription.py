"""Transcription: decode, plan, share out the chunks, unite them.

The step is claimed twice. The first run decodes the recording, finds speech and speakers and
makes a row for every chunk; the step is then ``fanned_out`` and nobody's. The chunk that
completes the set makes it ready again, and the second run unites the chunks.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from shared.db import outputs, sessions, steps
from shared.db.claims import Lease
from shared.db.outputs import Product
from shared.db.tables import TherapySession
from shared.domain.assembly import assemble
from shared.domain.documents import (
    phrases_from_json,
    phrases_to_json,
    plan_from_json,
    plan_to_json,
    transcript_to_json,
)
from shared.domain.errors import NotFound, PermanentStepError
from shared.domain.status import StepState
from shared.domain.values import (
    Chunk,
    DecodedFacts,
    Phrase,
    SpeechPlan,
    Transcript,
    TranscriptionHints,
    Utterance,
)
from shared.pipeline import EXTRACT_NOTES, TRANSCRIBE, TRANSCRIBE_CHUNK
from shared.services import leases
from shared.services.accepting import VOCABULARY
from shared.services.engines import Workbench
from shared.services.leases import Heartbeat
from shared.storage.pcm import StoredPcm
from shared.storage.recordings import RECORDING, SPEECH
from shared.vault.sealing import Subject


def transcribe(bench: Workbench, session_id: UUID) -> bool:
    """Run the step's next phase, if it can be claimed; True once the transcript is there."""
    resources = bench.resources
    lease_seconds = resources.settings.lease_seconds
    lease = leases.claim(
        resources.database, session_id, TRANSCRIBE, lease_seconds=lease_seconds, worker=bench.worker
    )
    if lease is not None:
        with leases.working_on(resources.database, lease, lease_seconds) as heartbeat:
            stored = _stored_plan(bench, lease)
            if stored is None:
                _fan_out(bench, lease, heartbeat)
            else:
                _unite(bench, lease, stored[0])
    with resources.database.transaction() as db:
        return steps.state_of(db, session_id, TRANSCRIBE) is StepState.DONE


def _fan_out(bench: Workbench, lease: Lease, heartbeat: Heartbeat) -> None:
    resources = bench.resources
    session = _subject(lease)
    with resources.database.transaction() as db:
        speakers = _session(db, lease).speakers
    decoded = _decode(bench, session, heartbeat)
    with _speech(bench, session, decoded.channels) as pcm:
        plan = bench.analyser.analyse(pcm, speakers, bench.transcriber.capabilities.chunk_seconds)
    body = {"plan": plan_to_json(plan), "channels": decoded.channels}
    sealed = resources.vault.seal(session, outputs.kind(Product.PLAN), body)

    def save(db: DbSession) -> None:
        outputs.put(db, session.practice_id, session.id, Product.PLAN, sealed)
        steps.insert_chunks(db, lease, [chunk.speech_seconds for chunk in plan.chunks])
        sessions.set_duration(db, session.id, round(plan.duration_seconds, 3))
        if not plan.chunks:  # nothing was said: the second run unites nothing
            steps.make_ready(db, session.id, TRANSCRIBE, from_state=StepState.FANNED_OUT)
        sessions.dispatch_in(db, session.id, 2)

    leases.finish(resources.database, lease, save, state=StepState.FANNED_OUT)
    if plan.chunks:
        resources.queue.publish_chunks(session.id, len(plan.chunks))
    else:
        resources.queue.publish(session.id, TRANSCRIBE)


def _decode(bench: Workbench, session: Subject, heartbeat: Heartbeat) -> DecodedFacts:
    recordings = bench.resources.recordings
    try:
        with recordings.open(session, RECORDING) as source, recordings.create(session, SPEECH) as write:

            def keep(block: bytes) -> None:
                heartbeat.report(0.0)  # stops the decoding when the session is cancelled
                write(block)

            return bench.resources.decoder.decode(source, keep)
    except NotFound as error:
        raise PermanentStepError("The stored recording is gone.", "recording_gone") from error


def transcribe_chunk(bench: Workbench, session_id: UUID) -> None:
    """Transcribe the next chunk that nobody has (all of them, for an engine behind HTTP)."""
    side_by_side = bench.transcriber.capabilities.parallel_calls
    if side_by_side == 1:
        _transcribe_next(bench, session_id)
        return
    with ThreadPoolExecutor(side_by_side) as pool:
        list(pool.map(lambda _: _transcribe_all(bench, session_id), range(side_by_side)))


def _transcribe_all(bench: Workbench, session_id: UUID) -> None:
    while _transcribe_next(bench, session_id):
        pass


def _transcribe_next(bench: Workbench, session_id: UUID) -> bool:
    resources = bench.resources
    lease_seconds = resources.settings.lease_seconds
    lease = leases.claim(
        resources.database, session_id, TRANSCRIBE_CHUNK, lease_seconds=lease_seconds, worker=bench.worker
    )
    if lease is None:
        return False
    with leases.working_on(resources.database, lease, lease_seconds) as heartbeat:
        phrases = _hear(bench, lease, heartbeat)
        if _save_chunk(bench, lease, phrases):
            resources.queue.publish(session_id, TRANSCRIBE)
    return True


def _hear(bench: Workbench, lease: Lease, heartbeat: Heartbeat) -> list[Phrase]:
    """The phrases of one chunk, with times in the recording's clock."""
    session = _subject(lease)
    hints = _hints(bench, lease)
    stored = _stored_plan(bench, lease)
    if stored is None:
        raise leases.LeaseLost  # the session was transcribed, or erased, by somebody else
    plan, channels = stored
    chunk = plan.chunks[lease.part - 1]
    phrases: list[Phrase] = []
    heard = 0.0
    with _speech(bench, session, channels) as pcm:
        for utterance in _units(chunk, bench.transcriber.capabilities.unit):
            audio = pcm.read(utterance.start, utterance.end, utterance.channel)
            spoken = bench.transcriber.transcribe(audio, hints)
            phrases += [_shifted(phrase, utterance.start) for phrase in spoken]
            heard += utterance.end - utterance.start
            heartbeat.report(min(heard / chunk.speech_seconds, 1.0))
    return phrases


def _units(chunk: Chunk, unit: str) -> tuple[Utterance, ...]:
    """What the engine is given at once: each utterance, or the chunk from end to end."""
    if unit == "utterance":
        return chunk.utterances
    return (Utterance(chunk.start, chunk.end, chunk.channel),)


def _save_chunk(bench: Workbench, lease: Lease, phrases: list[Phrase]) -> bool:
    """Store the chunk; True if it was the last one and the step can go on."""
    resources = bench.resources
    kind = outputs.kind(Product.CHUNK, lease.part)
    sealed = resources.vault.seal(_subject(lease), kind, phrases_to_json(phrases))
    complete = False

    def save(db: DbSession) -> None:
        nonlocal complete
        steps.lock(db, lease.session_id, TRANSCRIBE)  # two last chunks at once must see each other
        outputs.put(db, lease.practice_id, lease.session_id, Product.CHUNK, sealed, lease.part)
        complete = steps.chunks_left(db, lease.session_id) == 0
        if complete:
            steps.make_ready(db, lease.session_id, TRANSCRIBE, from_state=StepState.FANNED_OUT)
            sessions.dispatch_in(db, lease.session_id, 2)

    leases.finish(resources.database, lease, save)
    return complete


def _unite(bench: Workbench, lease: Lease, plan: SpeechPlan) -> None:
    resources = bench.resources
    session = _subject(lease)
    with resources.database.transaction() as db:
        stored = outputs.parts(db, session.id, Product.CHUNK)
        language = _session(db, lease).language
    heard = [
        (plan.chunks[part - 1].channel, phrase)
        for part, body in stored
        for phrase in phrases_from_json(
            resources.vault.open(session, outputs.kind(Product.CHUNK, part), body)
        )
    ]
    engine = bench.transcriber.capabilities
    transcript = assemble(plan, heard, language=language or "en", engine=engine.name, draft=engine.draft)
    _publish_transcript(bench, lease, transcript)
    resources.recordings.delete(session, SPEECH)


def _publish_transcript(bench: Workbench, lease: Lease, transcript: Transcript) -> None:
    resources = bench.resources
    session = _subject(lease)
    sealed = resources.vault.seal(session, outputs.kind(Product.TRANSCRIPT), transcript_to_json(transcript))

    def save(db: DbSession) -> None:
        outputs.put(db, session.practice_id, session.id, Product.TRANSCRIPT, sealed)
        outputs.discard(db, session.id, Product.CHUNK, Product.PLAN)
        steps.make_ready(db, session.id, EXTRACT_NOTES, from_state=StepState.WAITING)
        sessions.dispatch_in(db, session.id, 2)

    leases.finish(resources.database, lease, save)


def _stored_plan(bench: Workbench, lease: Lease) -> tuple[SpeechPlan, int] | None:
    """The plan and the number of decoded channels, once the recording has been decoded."""
    with bench.resources.database.transaction() as db:
        sealed = outputs.get(db, lease.session_id, Product.PLAN)
    if sealed is None:
        return None
    body = bench.resources.vault.open(_subject(lease), outputs.kind(Product.PLAN), sealed)
    return plan_from_json(body["plan"]), body["channels"]


@contextmanager
def _speech(bench: Workbench, session: Subject, channels: int) -> Iterator[StoredPcm]:
    with bench.resources.recordings.open(session, SPEECH) as source:
        yield StoredPcm(source, channels)


def _hints(bench: Workbench, lease: Lease) -> TranscriptionHints:
    with bench.resources.database.transaction() as db:
        row = _session(db, lease)
    words = bench.resources.vault.open(_subject(lease), VOCABULARY, row.vocabulary) if row.vocabulary else ()
    return TranscriptionHints(language=row.language, vocabulary=tuple(words))


def _session(db: DbSession, lease: Lease) -> TherapySession:
    row = sessions.get(db, lease.session_id)
    if row is None:
        raise leases.LeaseLost
    return row


def _subject(lease: Lease) -> Subject:
    return Subject(lease.practice_id, lease.session_id)


def _shifted(phrase: Phrase, seconds: float) -> Phrase:
    """The phrase in a clock that started ``seconds`` earlier."""
    return replace(
        phrase,
        start=phrase.start + seconds,
        end=phrase.end + seconds,
        words=tuple(
            replace(word, start=word.start + seconds, end=word.end + seconds) for word in phrase.words
        ),
    )
