"""Resumable uploads: asked for, gone on with, given up.

The row says how much is durably stored; what lies beyond in the object is dropped by the next
request. The newest request with the right offset wins: it writes to a file of its own if the one before
did not end well, and that one finds its right to write gone at its next safe point. The last byte
is noted only together with the session: until then a client that asks is told to send more.
"""

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy.orm import Session as DbSession

from shared.db.connection.engine import Database
from shared.db.queries.privacy import audit, holds
from shared.db.queries.records import patients, uploads
from shared.db.tables.uploads import Upload
from shared.domain.errors import Conflict, InvalidInput, NotFound, Stopping, TooLarge, Unavailable
from shared.domain.ports import Block
from shared.services.access import consent, legal_hold, ownership
from shared.services.access.caller import Caller
from shared.services.resources import Resources
from shared.services.uploads import joining, tus_creation
from shared.services.uploads.running_hashes import RunningHashes
from shared.services.uploads.tus_completion import erase_now, finish, order_erasure
from shared.services.uploads.tus_creation import State
from shared.services.uploads.tus_patch import KEPT_SECONDS, Arriving, Overtaken, longer_than_allowed
from shared.storage.recordings import RECORDING
from shared.vault.sealing import Subject

# Each has its place in the index of the object: more than this come from parts of a few bytes.
MAX_SEGMENTS = 10_000
SWEEP_BATCH = 100
_hashes = RunningHashes()


def state(resources: Resources, caller: Caller, upload_id: UUID) -> State:
    """How far the caller's upload is; raises NotFound."""
    with resources.database.transaction(caller.practice_id) as db:
        upload = uploads.of_therapist(db, caller.therapist_id, upload_id)
        done = None if upload else joining.accepted(db, caller, upload_id)
    if done is not None:
        return State(upload_id, done[1], done[1], None, session_id=done[0])
    if upload is None:
        raise _no_such_upload()
    metadata = tus_creation.opened(resources, upload)["metadata"]
    length = None if upload.deferred else upload.length
    return State(upload_id, sum(upload.segments), length, upload.expires_at, metadata)


def receive(
    resources: Resources,
    caller: Caller,
    upload_id: UUID,
    offset: int,
    feed: Callable[[Callable[[Block], None]], None],
    *,
    declared: int | None = None,
    length: int | None = None,
    all_or_nothing: bool = False,
    admit: Callable[[], AbstractContextManager[None]] = nullcontext,
    alone: bool = False,
) -> State:
    """Store what ``feed`` hands on, from ``offset`` on; with the last byte it becomes a session.

    ``declared`` is how many bytes ``feed`` will bring, if that is known: too many are refused unread.
    If ``feed`` is interrupted, the bytes before are kept; of a request that is ``all_or_nothing``, or that
    sends more than was announced, nothing. With the last byte everything is checked as ``accepting.receive``
    does, with its ``admit``; what is refused for good is removed. ``alone``: what its session does not take
    becomes one of its own. Raises NotFound, Conflict (its offset is another), TooLarge, as the checks do.
    """
    taken = _take(resources, caller, upload_id, offset, declared, length)  # the whole's, where it is said now
    if isinstance(taken, State):
        feed(_refuse_more)
        return taken
    upload, token, fresh = taken
    running = _hashes.take(upload.stored_by) if upload.segments else hashlib.sha256()
    subject, laid = Subject(caller.practice_id, upload_id), (upload.segments, upload.pieces)
    with resources.recordings.append(subject, RECORDING, *laid, fresh=fresh) as recording:
        kind = {"safe_points": not all_or_nothing, "says_length": length is not None}
        arriving = Arriving(resources, upload, token, recording, running, **kind)
        try:
            _feed(arriving, feed, nothing_by_halves=all_or_nothing)
            if upload.deferred or arriving.offset < upload.length:
                return _state_of(arriving, _keep(arriving))
            joined = finish(resources, caller, arriving, admit, alone)
        except Overtaken:
            recording.withdraw()
            raise
    return State(upload_id, upload.length, upload.length, None, session_id=joined)


def _feed(
    arriving: Arriving, feed: Callable[[Callable[[Block], None]], None], *, nothing_by_halves: bool
) -> None:
    try:
        feed(arriving.write)
    except Overtaken:
        raise
    except TooLarge:
        arriving.take_back()
        raise
    except Stopping:
        _keep(arriving, nothing=nothing_by_halves)
        raise
    except Unavailable:  # what could not be written whole is not to be gone on from
        arriving.give_back()
        raise
    except BaseException:
        _keep(arriving, nothing=nothing_by_halves)
        raise


def _keep(arriving: Arriving, nothing: bool = False) -> datetime:
    expires_at = arriving.give_back() if nothing else arriving.keep()
    if arriving.running is not None and not nothing:
        _hashes.put(arriving.token, arriving.running)
    return expires_at


def _state_of(arriving: Arriving, expires_at: datetime) -> State:
    length = None if arriving.upload.deferred else arriving.upload.length
    return State(arriving.upload.id, arriving.offset, length, expires_at)


def _take(
    resources: Resources,
    caller: Caller,
    upload_id: UUID,
    offset: int,
    declared: int | None,
    length: int | None,
) -> tuple[Upload, UUID, bool] | State:
    """The right to go on: the upload, a token, and whether a writer before did not end well."""
    token = uuid4()
    with resources.database.transaction(caller.practice_id) as db:
        upload = uploads.of_therapist(db, caller.therapist_id, upload_id, hold=True)
        if upload is not None:
            consent.require(db, caller, upload.patient_id)
            _require_offset(offset, sum(upload.segments))
            _require_few(upload)
            if length is not None:
                tus_creation.settle_length(resources, upload, length)
            if declared is not None and offset + declared > upload.length:
                raise longer_than_allowed(upload)
            fresh, upload.writer = upload.writer is not None, token
    if upload is not None:
        return upload, token, fresh
    done = state(resources, caller, upload_id)
    _require_offset(offset, done.offset)
    return done


def _require_offset(offset: int, actual: int) -> None:
    if offset != actual:
        raise Conflict(
            f"The upload is at byte {actual}, not {offset}. Ask with HEAD, and go on from there.",
            "upload_offset_conflict",
        )


def _require_few(upload: Upload) -> None:
    if len(upload.segments) >= MAX_SEGMENTS:
        raise InvalidInput(
            f"The upload has come in {MAX_SEGMENTS} parts. Send the rest in another, in larger parts.",
            "upload_parts_too_small",
        )


def _refuse_more(_: Block) -> None:
    raise Conflict("The upload is complete: there is nothing to be added.", "upload_complete")


def _no_such_upload() -> NotFound:
    return NotFound("There is no such upload. It may have expired: begin anew.", "upload_not_found")


def terminate(resources: Resources, caller: Caller, upload_id: UUID) -> None:
    """Give up an unfinished upload, or what cannot be joined, for good. Raises NotFound, Conflict on hold."""
    if joining.give_up(resources, caller, upload_id):
        return
    with resources.database.transaction(caller.practice_id) as db:
        there = uploads.of_therapist(db, caller.therapist_id, upload_id)
        if there is not None and _is_on_hold(db, there):
            raise legal_hold.held()
        upload = uploads.of_therapist(db, caller.therapist_id, upload_id, hold=True)
        if upload is None:
            raise _no_such_upload()
        remains = order_erasure(db, Subject(caller.practice_id, upload_id))
        db.delete(upload)
        ownership.audit(db, caller, "upload.terminate", upload_id)
    erase_now(resources, remains)


def _is_on_hold(db: DbSession, upload: Upload) -> bool:
    """Whether a legal hold keeps it: only the service has what a recorder sent.

    Locks the patient's row, as ``legal_hold.require_none``.
    """
    if not upload.deferred or not upload.segments:
        return False
    patients.keep(db, upload.patient_id)
    return holds.is_held(db, upload.patient_id)


def sweep(database: Database) -> int:
    """Forget the uploads whose time is over, and have what they stored erased; gives their number.

    A recording that was cut off stays while its patient is on hold.
    """
    with database.operating() as db:
        expired = uploads.expired(db, limit=SWEEP_BATCH)
    count = 0
    for upload in expired:
        with database.transaction(upload.practice_id) as db:
            there = uploads.of_practice(db, upload.id)
            if there is not None and _is_on_hold(db, there):
                uploads.prolong(db, upload.id, kept_seconds=KEPT_SECONDS)
            elif uploads.remove_expired(db, upload.id):
                count += 1
                order_erasure(db, Subject(upload.practice_id, upload.id))
                audit.record(
                    db,
                    practice_id=upload.practice_id,
                    actor="dispatcher",
                    action="upload.expire",
                    subject_id=upload.id,
                )
    return count
