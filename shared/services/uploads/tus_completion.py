"""The end of a resumable upload: the same checks and the same promise as of any other."""

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from uuid import UUID

import structlog
from sqlalchemy.orm import Session as DbSession

from shared.db.queries.privacy import deletions
from shared.db.queries.privacy.deletions import Remains
from shared.domain.errors import (
    Conflict,
    DomainError,
    InvalidInput,
    NotFound,
    TooLarge,
    Unavailable,
    UnsupportedMedia,
)
from shared.domain.ports import ByteSource
from shared.media import recognition
from shared.services.access import ownership
from shared.services.access.caller import Caller
from shared.services.lifecycle import deletion
from shared.services.lifecycle.cancellation import OWN_ATTEMPT_SECONDS
from shared.services.resources import Resources
from shared.services.uploads import accepting, tus_creation
from shared.services.uploads.registration import Received, UploadDetails, promise
from shared.services.uploads.tus_patch import Arriving, Overtaken
from shared.storage.recordings import RECORDING
from shared.vault.sealing import Subject

log = structlog.get_logger(__name__)

# Sent again, the same bytes would be refused again.
_FOR_GOOD = (InvalidInput, UnsupportedMedia, TooLarge, NotFound, Conflict)
_READ_BYTES = 1024 * 1024


def finish(
    resources: Resources,
    caller: Caller,
    arriving: Arriving,
    admit: Callable[[], AbstractContextManager[None]],
    alone: bool,
) -> UUID | None:
    """Check the whole recording and promise to work on it; gives the session that it joins.

    ``alone``: where that one does not take it, it becomes a session of its own.

    What is refused for good is removed. After any other failure (a limit is reached, something is
    away) the upload is open again, a little short of its end, so that the client sends the rest again.
    """
    session = Subject(caller.practice_id, arriving.upload.id)
    details = tus_creation.details_of(resources, arriving.upload)
    arriving.make_safe()
    arriving.recording.finish(arriving.require_mine)
    try:
        received = _examined(resources, session, arriving, details)
        with admit():
            details = _promise(resources, caller, arriving, received, details, alone)
    except Overtaken:
        raise
    except _FOR_GOOD as error:
        if details.joins is not None and _is_of_the_other(error):
            arriving.reopen()  # its session was signed, deleted or grew meanwhile: that loses no recording
        else:
            _discard(resources, caller, arriving)
        raise
    except Unavailable:
        if not accepting.is_promised(resources, session):
            arriving.give_back()
            raise
    except BaseException:
        arriving.give_back()
        raise
    discard_pieces(resources, session)
    accepting.begin_work(resources, session.id, arriving.upload.length, details)
    return details.joins


def _promise(
    resources: Resources,
    caller: Caller,
    arriving: Arriving,
    received: Received,
    details: UploadDetails,
    alone: bool,
) -> UploadDetails:
    """Promise to work on it, to join its session or alone; gives the details that it was promised with."""
    session = Subject(caller.practice_id, arriving.upload.id)
    try:
        promise(resources, caller, session, received, details, arriving.settle)
    except Overtaken:
        raise
    except (NotFound, Conflict, InvalidInput) as error:
        if not alone or details.joins is None or not _is_of_the_other(error):
            raise
        details = replace(details, joins=None)
        promise(resources, caller, session, received, details, arriving.settle)
    return details


def _is_of_the_other(error: DomainError) -> bool:
    """Whether a recording was refused for what the session is like that it was to join."""
    return isinstance(error, (NotFound, Conflict)) or error.code == "joined_too_long"


def discard_pieces(resources: Resources, session: Subject) -> None:
    """Remove what the recording was made of; if that fails, the reconciler will."""
    try:
        resources.recordings.discard_pieces(session)
    except Unavailable as error:
        log.warning("pieces_left", session_id=session.id, code=error.code)


def _examined(resources: Resources, session: Subject, arriving: Arriving, details: UploadDetails) -> Received:
    with resources.recordings.open(session, RECORDING) as source:
        head = source.read_at(0, recognition.HEAD_BYTES)
        verdict = accepting.recognise(head, source.size, details)
        facts = resources.decoder.probe(source)
        recognition.check_agreement(verdict, facts)
        sha256 = (arriving.running or _hash_of(source)).hexdigest()
        return Received(source.size, sha256, facts)


def _hash_of(source: ByteSource) -> "hashlib._Hash":
    """Read all again: parts of it were hashed by another process, or before a restart."""
    found = hashlib.sha256()
    for offset in range(0, source.size, _READ_BYTES):
        found.update(source.read_at(offset, _READ_BYTES))
    return found


def _discard(resources: Resources, caller: Caller, arriving: Arriving) -> None:
    session = Subject(caller.practice_id, arriving.upload.id)
    with resources.database.transaction(caller.practice_id) as db:
        arriving.settle(db)
        remains = order_erasure(db, session)
        ownership.audit(db, caller, "upload.refuse", session.id)
    erase_now(resources, remains)


def order_erasure(db: DbSession, session: Subject) -> Remains:
    """Within the transaction that ends an upload: what it stored is to go; ``erase_now`` comes after it."""
    remains = Remains(session.id, session.practice_id, whole=True)
    deletions.schedule(db, remains, due_seconds=OWN_ATTEMPT_SECONDS, last_seconds=OWN_ATTEMPT_SECONDS)
    return remains


def erase_now(resources: Resources, remains: Remains) -> None:
    """Remove key and bytes; if that fails, the dispatcher will."""
    try:
        deletion.erase(resources.database, resources.recordings, resources.vault.keys, remains)
    except Unavailable as error:
        log.warning("object_left_to_the_dispatcher", session_id=remains.session_id, code=error.code)
