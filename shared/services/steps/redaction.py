"""Redaction: the stored recording loses what was said off the record, for good, and gains what joins it.

The recording is decoded, further recordings after it, the ranges are silenced, and what comes of it is
stored in its place as 16 kHz WAV: times stay those of the recording that was uploaded. The object is
replaced in one move, and a run that died anywhere is done again from the one of the two that is there:
silence stays silence, and the file says what was joined to it.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from shared.db.queries.records import further_recordings, sessions
from shared.db.queries.work import outputs, steps
from shared.db.queries.work.outputs import Product
from shared.db.queries.work.step_claims import Lease
from shared.domain import failpoints
from shared.domain.errors import NotFound, PermanentStepError
from shared.domain.transcripts.off_record import Ranges
from shared.domain.transcripts.quality import recording_facts
from shared.domain.values import SAMPLE_RATE, JsonObject
from shared.media import refusals
from shared.pipeline import REDACT, Step
from shared.services.jobs import leases
from shared.services.jobs.heartbeat import Heartbeat, LeaseLost
from shared.services.jobs.worker_context import Workbench
from shared.services.lifecycle import cancellation
from shared.services.sessions import digests
from shared.services.steps.join_list import before_joined, joined_in
from shared.services.steps.joined_wav import Layout, Piece, wav
from shared.services.steps.speech_plan import session_row
from shared.services.transcripts.off_record import opened_ranges
from shared.services.uploads import joining
from shared.storage.recordings import RECORDING, SPEECH
from shared.vault.sealing import Subject


@dataclass(frozen=True, slots=True)
class _Stored:
    """The recording as it is stored now: its size, its SHA-256 in hex, what of it is silent, and where
    further ones begin."""

    size: int
    sha256: str
    silent: Ranges
    begins: dict[UUID, float]


def redact(bench: Workbench, session_id: UUID, lease: Lease | None = None) -> bool:
    """Run the step, if it can be claimed (or is, by ``lease``); True once the recording is redacted."""
    following: list[Step] = []
    subjects: list[Subject] = []

    def work(lease: Lease, heartbeat: Heartbeat) -> None:
        subjects.append(lease.subject)
        following.extend(_redact(bench, lease, heartbeat))

    if leases.run(bench, session_id, REDACT, work, lease):
        for step in following:
            bench.resources.queue.publish(session_id, step)
    elif subjects:  # a cancellation meanwhile looked at the recording before it was replaced
        cancellation.discard_decoded_if_over(bench.resources, subjects[0])
    return leases.is_done(bench, session_id, REDACT)


def _redact(bench: Workbench, lease: Lease, heartbeat: Heartbeat) -> list[Step]:
    """The step that may begin now, in a list; nothing where none waits."""
    resources, session = bench.resources, lease.subject
    with resources.database.transaction(lease.practice_id) as db:
        ranges = opened_ranges(resources.vault, session, outputs.get(db, session.id, Product.OFF_RECORD))
        removed = session_row(db, lease).audio_removed_at
        further = further_recordings.waiting(db, session.id)
    is_due = not removed and (ranges or further)
    stored = _rewrite(bench, session, ranges, further, heartbeat) if is_due else None
    following: list[Step] = []

    def save(db: DbSession) -> None:
        if stored is not None:
            digest = digests.seal(resources.vault, session, stored.sha256)
            sessions.replace_audio(db, session.id, family="wav", size=stored.size, digest=digest)
            further_recordings.note_joined(db, stored.begins)
            if stored.silent != ranges:
                sealed = resources.vault.seal(session, outputs.kind(Product.OFF_RECORD), stored.silent)
                outputs.replace(db, session.practice_id, session.id, Product.OFF_RECORD, sealed)
            for recording_id in stored.begins:
                joining.order_erasure(db, session.practice_id, recording_id)
        sessions.note_redacted(db, session.id)
        following.extend(steps.make_next_ready(db, session.id))
        sessions.dispatch_in(db, session.id, sessions.HINT_GRACE_SECONDS)

    leases.finish(resources.database, lease, save)
    return following


def _rewrite(
    bench: Workbench, session: Subject, ranges: Ranges, further: Sequence[UUID], heartbeat: Heartbeat
) -> _Stored:
    """Put the silenced recording, with the further ones after it, in the place of the stored one."""
    recordings = bench.resources.recordings
    recordings.discard_pieces(session)  # of an upload in parts, should they still be there
    with _lost_as_ours(), recordings.open(session, RECORDING) as source:
        before = {name: begin for name, begin in joined_in(source).items() if name in further}
    missing = [name for name in further if name not in before]
    layout, facts = _decode(bench, session, missing, heartbeat)
    # Before the recording is replaced: a worker that dies after that leaves none that shows it.
    with bench.resources.database.transaction(session.practice_id) as db:
        sessions.note_damage(db, session.id, facts[0])
        further_recordings.note_facts(db, dict(zip(missing, facts[1:], strict=True)))
    begins = before | dict(zip(missing, layout.begins[1:], strict=True))
    ranges = before_joined(ranges, begins.values())
    digest, size = hashlib.sha256(), 0
    with recordings.open(session, SPEECH) as pcm, recordings.create(session, RECORDING) as write:
        if pcm.size != sum(piece.size for piece in layout.pieces):
            raise LeaseLost  # another run has decoded the recording meanwhile
        keep = _watched(write, heartbeat)
        for block in wav(pcm, layout, ranges, begins):
            digest.update(block)
            size += len(block)
            keep(block)
        failpoints.reach("redacting", session.id)
        heartbeat.confirm()  # or a run that was frozen brings back what was cut since
    failpoints.reach("rewritten", session.id)
    recordings.delete(session, SPEECH)
    seconds = {name: begin / SAMPLE_RATE for name, begin in begins.items()}
    return _Stored(size, digest.hexdigest(), ranges, seconds)


def _decode(
    bench: Workbench, session: Subject, further: Sequence[UUID], heartbeat: Heartbeat
) -> tuple[Layout, list[JsonObject]]:
    """Decode the recording, and the further ones after it, into the session's speech; facts of each."""
    resources = bench.resources
    pieces: list[Piece] = []
    facts: list[JsonObject] = []
    with resources.recordings.create(session, SPEECH) as write:
        keep = _watched(write, heartbeat)
        for subject in (session, *(Subject(session.practice_id, name) for name in further)):
            with _lost_as_ours(), resources.recordings.open(subject, RECORDING) as source:
                counted = _Counted(keep)
                decoded = resources.decoder.decode(source, counted.write)
                pieces.append(Piece(decoded.channels, counted.size))
                facts.append(recording_facts(decoded))
        layout = Layout(pieces)
        if layout.frames > resources.settings.max_recording_seconds * SAMPLE_RATE and further:
            raise refusals.permanent("too_long")
    return layout, facts


class _Counted:
    """Passes blocks on, and counts their bytes."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write
        self.size = 0

    def write(self, block: bytes) -> None:
        self.size += len(block)
        self._write(block)


@contextmanager
def _lost_as_ours() -> Iterator[None]:
    try:
        yield
    except NotFound as error:
        raise PermanentStepError(
            "The stored recording is gone. Restore the recordings from a backup, then retry the session.",
            "recording_gone",
        ) from error


def _watched(write: Callable[[bytes], None], heartbeat: Heartbeat) -> Callable[[bytes], None]:
    def keep(block: bytes) -> None:
        heartbeat.report(0.0)  # stops when the session is cancelled, or when more is to be cut
        write(block)

    return keep
