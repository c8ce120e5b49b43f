"""Redaction: the stored recording loses what was said off the record, for good.

The recording is decoded, the ranges are silenced, and what remains is stored in its place as 16 kHz
WAV: times stay those of the recording that was uploaded. The object is replaced in one move, and a
run that died anywhere is done again from the one of the two that is there: silence stays silence.
"""

import hashlib
import struct
from collections.abc import Callable, Iterator
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from shared.db.queries.records import sessions
from shared.db.queries.work import outputs, steps
from shared.db.queries.work.outputs import Product
from shared.db.queries.work.step_claims import Lease
from shared.domain import failpoints
from shared.domain.errors import NotFound, PermanentStepError
from shared.domain.ports import ByteSource
from shared.domain.transcripts.off_record import Ranges, silence
from shared.domain.values import BYTES_PER_SAMPLE, SAMPLE_RATE
from shared.pipeline import REDACT, Step
from shared.services.jobs import leases
from shared.services.jobs.heartbeat import Heartbeat
from shared.services.jobs.worker_context import Workbench
from shared.services.sessions import digests
from shared.services.steps.speech_plan import session_row
from shared.services.transcripts.off_record import opened_ranges
from shared.storage.recordings import RECORDING, SPEECH
from shared.vault.sealing import Subject

_BLOCK_FRAMES = SAMPLE_RATE * 8


def redact(bench: Workbench, session_id: UUID, lease: Lease | None = None) -> bool:
    """Run the step, if it can be claimed (or is, by ``lease``); True once the recording is redacted."""
    following: list[Step] = []

    def work(lease: Lease, heartbeat: Heartbeat) -> None:
        following.extend(_redact(bench, lease, heartbeat))

    if leases.run(bench, session_id, REDACT, work, lease):
        for step in following:
            bench.resources.queue.publish(session_id, step)
    return leases.is_done(bench, session_id, REDACT)


def _redact(bench: Workbench, lease: Lease, heartbeat: Heartbeat) -> list[Step]:
    """The step that may begin now, in a list; nothing where none waits."""
    resources, session = bench.resources, lease.subject
    with resources.database.transaction(lease.practice_id) as db:
        ranges = opened_ranges(resources.vault, session, outputs.get(db, session.id, Product.OFF_RECORD))
        removed = session_row(db, lease).audio_removed_at
    stored = None if removed else _rewrite(bench, session, ranges, heartbeat)
    following: list[Step] = []

    def save(db: DbSession) -> None:
        if stored is not None:
            size, digest = stored[0], digests.seal(resources.vault, session, stored[1])
            sessions.replace_audio(db, session.id, family="wav", size=size, digest=digest)
        following.extend(steps.make_next_ready(db, session.id))
        sessions.dispatch_in(db, session.id, sessions.HINT_GRACE_SECONDS)

    leases.finish(resources.database, lease, save)
    return following


def _rewrite(bench: Workbench, session: Subject, ranges: Ranges, heartbeat: Heartbeat) -> tuple[int, str]:
    """Put the silenced recording in the place of the stored one; its size and SHA-256 in hex."""
    recordings = bench.resources.recordings
    recordings.discard_pieces(session)  # of an upload in parts, should they still be there
    try:
        with recordings.open(session, RECORDING) as source, recordings.create(session, SPEECH) as write:
            decoded = bench.resources.decoder.decode(source, _watched(write, heartbeat))
    except NotFound as error:
        raise PermanentStepError(
            "The stored recording is gone. Restore the recordings from a backup, then retry the session.",
            "recording_gone",
        ) from error
    digest, size = hashlib.sha256(), 0
    with recordings.open(session, SPEECH) as pcm, recordings.create(session, RECORDING) as write:
        keep = _watched(write, heartbeat)
        for block in _wav(pcm, decoded.channels, ranges):
            digest.update(block)
            size += len(block)
            keep(block)
        failpoints.reach("redacting", session.id)
        heartbeat.confirm()  # or a run that was frozen brings back what was cut since
    recordings.delete(session, SPEECH)
    return size, digest.hexdigest()


def _watched(write: Callable[[bytes], None], heartbeat: Heartbeat) -> Callable[[bytes], None]:
    def keep(block: bytes) -> None:
        heartbeat.report(0.0)  # stops when the session is cancelled, or when more is to be cut
        write(block)

    return keep


def _wav(pcm: ByteSource, channels: int, ranges: Ranges) -> Iterator[bytes]:
    """A WAV file of ``pcm`` with ``ranges`` silenced, block by block."""
    frame = BYTES_PER_SAMPLE * channels
    form = struct.pack("<HHIIHH", 1, channels, SAMPLE_RATE, SAMPLE_RATE * frame, frame, 16)
    head = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", pcm.size)
    yield b"RIFF" + struct.pack("<I", len(head) + pcm.size) + head
    for first in range(0, pcm.size // frame, _BLOCK_FRAMES):
        block = bytearray(pcm.read_at(first * frame, _BLOCK_FRAMES * frame))
        silence(block, first, frame, ranges)
        yield bytes(block)
