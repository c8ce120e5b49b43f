"""Transcription of one chunk, as many side by side as there are workers."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from shared.db.connection.engine import DatabaseError
from shared.db.queries.records import sessions
from shared.db.queries.work import outputs, steps
from shared.db.queries.work.outputs import Product
from shared.db.queries.work.step_claims import Lease
from shared.domain import failpoints
from shared.domain.errors import DomainError
from shared.domain.ports import Transcriber
from shared.domain.transcripts.serialization import heard_to_json
from shared.domain.transcripts.units import units_of
from shared.domain.values import Heard, Phrase, TranscriptionHints, Usage
from shared.pipeline import TRANSCRIBE, TRANSCRIBE_CHUNK
from shared.services.engines import engine_choice, practice_engines, sending_away
from shared.services.jobs import leases, scheduling
from shared.services.jobs.handoff import Along
from shared.services.jobs.heartbeat import Heartbeat, LeaseLost
from shared.services.jobs.worker_context import Workbench
from shared.services.steps.speech_plan import Material, material, speech
from shared.services.transcripts import vocabulary
from shared.services.uploads.registration import VOCABULARY


def transcribe_chunk(bench: Workbench, session_id: UUID, lease: Lease | None = None) -> bool | Lease:
    """Transcribe the next unclaimed chunk (or the one of ``lease``); behind HTTP, several side by
    side until none is left. True if it went well; after the last chunk of all, the lease of what unites
    them."""
    side_by_side = _calls_side_by_side(bench, session_id, lease)
    if side_by_side == 1:
        along = Along.at(bench) if lease is not None else None
        well = _transcribe_next(bench, session_id, lease, along)
        return (along.lease if well and along else None) or well
    _transcribe_side_by_side(bench, session_id, side_by_side, lease)
    return True


def _calls_side_by_side(bench: Workbench, session_id: UUID, lease: Lease | None) -> int:
    """How many calls the session's engine takes; 1 also where that cannot be said, which the step tells."""
    resources = bench.resources
    offered = resources.settings.offered_transcribers
    if len(offered) == 1 and not resources.settings.sends_away(offered[0]):  # no choice changes it
        return bench.transcriber(offered[0]).capabilities.parallel_calls
    try:
        practice_id = lease.practice_id if lease else _practice_of(bench, session_id)
        if practice_id is None:
            return 1
        with resources.database.transaction(practice_id) as db:
            row = sessions.get(db, session_id)
            engine = engine_choice.for_session(resources, db, row) if row else None
    except (DomainError, DatabaseError):
        return 1
    return bench.transcriber(engine).capabilities.parallel_calls if engine else 1


def _practice_of(bench: Workbench, session_id: UUID) -> UUID | None:
    with bench.resources.database.operating() as db:
        return sessions.practice_of(db, session_id)


def _transcribe_side_by_side(bench: Workbench, session_id: UUID, threads: int, lease: Lease | None) -> None:
    """Take chunk after chunk in each thread, for half of the step's time, while it is this session's turn."""
    stop = threading.Event()
    stop_at = time.monotonic() + TRANSCRIBE_CHUNK.limit_seconds / 2
    held = {lease} if lease else set[Lease]()

    def take_chunks(first: Lease | None) -> None:
        taken = first or leases.claim_at(bench, session_id, TRANSCRIBE_CHUNK)
        while taken is not None:
            held.add(taken)
            well = _transcribe_next(bench, session_id, taken)
            held.discard(taken)
            go_on = well and not stop.is_set() and time.monotonic() < stop_at
            if not go_on or not scheduling.is_next(bench, session_id, TRANSCRIBE_CHUNK):
                return
            taken = leases.claim_at(bench, session_id, TRANSCRIBE_CHUNK)

    pool = ThreadPoolExecutor(threads)
    try:
        list(pool.map(take_chunks, [lease, *[None] * (threads - 1)]))
    except BaseException:  # SystemExit: the worker must go, and takes no further chunk
        stop.set()
        pool.shutdown(wait=False, cancel_futures=True)
        for mine in held.copy():  # its threads end with the process, without a word
            leases.give_back(bench.resources.database, mine)
        raise
    pool.shutdown()
    with bench.resources.database.operating() as db:
        left = sessions.ready_work(db, session_id).get(TRANSCRIBE_CHUNK.name, 0)
    if left:
        bench.resources.queue.publish_chunks(session_id, 1)


def _transcribe_next(
    bench: Workbench, session_id: UUID, lease: Lease | None, along: Along | None = None
) -> bool:
    """True if a chunk was taken and transcribed, so that it is worth asking for the next."""

    def work(held: Lease, heartbeat: Heartbeat) -> None:
        complete = _save_chunk(bench, held, _hear(bench, held, heartbeat), along)
        if complete and (along is None or along.lease is None):
            bench.resources.queue.publish(session_id, TRANSCRIBE)

    return leases.run(bench, session_id, TRANSCRIBE_CHUNK, work, lease, along)


def _hear(bench: Workbench, lease: Lease, heartbeat: Heartbeat) -> Heard:
    """What is said in one chunk, with times in the recording's clock."""
    found, engine, hints = _wanted(bench, lease)
    if found.plan is None:
        raise LeaseLost  # another worker transcribed the session
    plan, channels = found.plan
    chunk = plan.chunks[lease.part - 1]
    transcriber = bench.transcriber(engine)
    can = transcriber.capabilities
    phrases: list[Phrase] = []
    sent = calls = 0.0
    units = units_of(chunk, plan.turns, can.unit, can.word_times)
    total = sum(unit.end - unit.start for unit in units)
    with speech(bench, lease.subject, channels, found.off_record) as pcm:
        for unit in units:
            audio = pcm.read(unit.start, unit.end, unit.channel)
            watched = _watched(hints, heartbeat, sent, total)
            spoken = _transcribed(transcriber, audio, watched, heartbeat)
            phrases += [phrase.shifted(unit.start) for phrase in spoken]
            sent += unit.end - unit.start
            calls += 1
            heartbeat.report(min(sent / total, 1.0))
            failpoints.reach("hearing", lease.part, lease.session_id)
    cost = None if can.cost_per_minute is None else can.cost_per_minute * sent / 60
    return Heard(tuple(phrases), Usage(can.name, int(calls), round(sent, 3), cost), can.draft)


def _watched(
    hints: TranscriptionHints, heartbeat: Heartbeat, sent: float, total: float
) -> TranscriptionHints:
    """``hints`` by which the engine tells how far it is, and learns when to stop."""
    return replace(
        hints,
        checkpoint=heartbeat.check,
        reached=lambda seconds: heartbeat.report(min((sent + seconds) / total, 1.0)),
    )


def _transcribed(
    transcriber: Transcriber, audio: bytes, hints: TranscriptionHints, heartbeat: Heartbeat
) -> list[Phrase]:
    """What the engine hears; raises LeaseLost soon after the session was cancelled."""
    if transcriber.capabilities.parallel_calls == 1:  # computes here: asks ``hints.checkpoint`` itself
        return transcriber.transcribe(audio, hints)
    return heartbeat.unless_lost(lambda: transcriber.transcribe(audio, hints))


def _save_chunk(bench: Workbench, lease: Lease, heard: Heard, along: Along | None) -> bool:
    """Store the chunk; True if it was the last one and the step can go on."""
    resources = bench.resources
    kind = outputs.kind(Product.CHUNK, lease.part)
    sealed = resources.vault.seal(lease.subject, kind, heard_to_json(heard))
    complete = False

    def save(db: DbSession) -> None:
        nonlocal complete
        outputs.put(db, lease.practice_id, lease.session_id, Product.CHUNK, sealed, lease.part)
        # The session is held: of two last chunks at once, the second sees the first.
        complete = steps.fan_in(db, lease.session_id)
        if complete:
            sessions.dispatch_in(db, lease.session_id, sessions.HINT_GRACE_SECONDS)
        else:  # the work goes on: messages that wait in the queue need no repeating yet
            sessions.dispatch_in(db, lease.session_id, resources.settings.redispatch_seconds)
        if complete and along is not None:
            along.take(TRANSCRIBE, lease)

    leases.finish(resources.database, lease, save, along=along)
    return complete


def _wanted(bench: Workbench, lease: Lease) -> tuple[Material, str, TranscriptionHints]:
    """What is stored, the engine for the session, and what it is told: first the upload's words, then the
    therapist's, then the practice's."""
    resources = bench.resources
    with resources.database.transaction(lease.practice_id) as db:
        found = material(db, resources.vault, lease)
        row = found.row
        engine = engine_choice.for_session(resources, db, row)
        sending_away.note(resources, db, lease, engine, sending_away.AUDIO)
        usual = practice_engines.vocabulary(resources, db, lease.practice_id)
        learned = vocabulary.words_of(resources, db, lease.practice_id, row.therapist_id)
    own = resources.vault.open(lease.subject, VOCABULARY, row.vocabulary) if row.vocabulary else ()
    words = {word.casefold(): word for word in reversed((*own, *learned, *usual))}
    return (
        found,
        engine,
        TranscriptionHints(language=row.language, vocabulary=tuple(reversed(words.values()))),
    )
