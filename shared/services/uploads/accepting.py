"""Accepting a recording: streamed into the store once, checked, promised in Postgres."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import PurePosixPath
from uuid import UUID, uuid4

import structlog

from shared.db.connection.engine import DatabaseError
from shared.db.queries.records import further_recordings, sessions
from shared.domain import failpoints
from shared.domain.errors import DomainError, InvalidInput, TooLarge, Unavailable
from shared.domain.ports import Block
from shared.domain.values import MediaFacts
from shared.media import recognition
from shared.pipeline import REDACT
from shared.services import idempotency
from shared.services.access.caller import Caller
from shared.services.resources import Resources
from shared.services.uploads.registration import Received, UploadDetails, promise
from shared.storage.recordings import RECORDING
from shared.vault.sealing import Subject

log = structlog.get_logger(__name__)

MIN_BYTES = 1024


class Incoming:
    """A recording on its way in: hashed, measured and encrypted as it arrives."""

    def __init__(self, write: Callable[[Block], None], max_bytes: int) -> None:
        self._write = write
        self._max_bytes = max_bytes
        self._hash = hashlib.sha256()
        self.head = bytearray()
        self.size = 0

    def write(self, data: Block) -> None:
        """Take more of the recording; raises TooLarge at the first byte over the limit."""
        self.size += len(data)
        if self.size > self._max_bytes:
            raise too_large(self._max_bytes)
        self._hash.update(data)
        if len(self.head) < recognition.HEAD_BYTES:
            self.head += data[: recognition.HEAD_BYTES - len(self.head)]
        self._write(data)

    @property
    def sha256(self) -> str:
        """The hash of what has arrived, in hex."""
        return self._hash.hexdigest()


def too_large(max_bytes: int) -> TooLarge:
    """The refusal of a recording over ``max_bytes``."""
    return TooLarge(
        f"The recording is larger than the limit of {max_bytes} bytes. Send it compressed (m4a, mp3, ogg).",
        "recording_too_large",
    )


def check_claims(file_name: str, declared_type: str | None) -> None:
    """Raise InvalidInput or UnsupportedMedia if the name or the type alone forbid the upload."""
    recognition.check_extension(PurePosixPath(file_name).suffix)
    recognition.check_declared_type(declared_type)


def receive(
    resources: Resources,
    caller: Caller,
    feed: Callable[[Callable[[Block], None]], UploadDetails],
    admit: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> UUID:
    """Take a recording from ``feed`` and promise to work on it; gives the id of its session.

    ``feed`` is called once with a function that takes the bytes, and gives the details when
    the body has ended. ``admit`` frames the promise, made once all else is checked: it may raise
    to refuse, and learns of a promise that failed. After an error nothing is left behind:
    no row, no object, no key. Once this returns, the recording is durable and will be worked on,
    whether or not the broker could be told.
    """
    session = Subject(caller.practice_id, uuid4())
    with _whole_or_nothing(resources, session) as attempt:
        resources.vault.keys.create(session.practice_id, session.id)
        with resources.recordings.create(session, RECORDING) as write:
            incoming = Incoming(write, resources.settings.max_upload_bytes)
            details = feed(incoming.write)
            verdict = recognise(bytes(incoming.head), incoming.size, details)
        facts = _probe(resources, session)
        recognition.check_agreement(verdict, facts)
        if caller.ticket is not None:  # to decode the first seconds may have taken some
            idempotency.keep_alive(resources, caller.ticket)
        failpoints.reach("promising")
        attempt.registering = True
        with admit():
            promise(resources, caller, session, Received(incoming.size, incoming.sha256, facts), details)
    failpoints.reach("promised")
    begin_work(resources, session.id, incoming.size, details)
    return details.joins or session.id


def begin_work(resources: Resources, session_id: UUID, size: int, details: UploadDetails) -> None:
    """Tell the broker, if it is there, of a recording that was promised."""
    if details.off_the_record or details.joins is not None:
        resources.queue.publish_step(details.joins or session_id, REDACT)
    else:
        resources.queue.publish(session_id)
    log.info("recording_accepted", session_id=session_id, bytes=size)


def recognise(head: bytes, size: int, details: UploadDetails) -> str | None:
    """What libmagic says of a recording that begins with ``head``; raises what it refuses."""
    check_size(size)
    return recognition.recognise(head, PurePosixPath(details.file_name).suffix, details.declared_type)


def check_size(size: int) -> None:
    """Raise InvalidInput for what is too small to be a recording."""
    if size < MIN_BYTES:
        raise InvalidInput(
            f"The file has {size} bytes; a recording has at least {MIN_BYTES}. Check the file.",
            "file_too_small",
        )


def _probe(resources: Resources, session: Subject) -> MediaFacts:
    with resources.recordings.open(session, RECORDING) as source:
        return resources.decoder.probe(source)


@dataclass
class _Attempt:
    registering: bool = False  # whether the session's row may have been committed


@contextmanager
def _whole_or_nothing(resources: Resources, session: Subject) -> Iterator[_Attempt]:
    """Remove the object and the key if the block does not end well.

    The answer to a commit can be lost. If the row exists after all, the upload is accepted. If
    that cannot be known, the recording stays, because the session may have been registered.
    """
    attempt = _Attempt()
    try:
        yield attempt
    except BaseException as error:
        promised = is_promised(resources, session) if attempt.registering else False
        if promised is False:
            _remove(resources, session)
        elif isinstance(error, Unavailable):
            if promised:
                return
            raise Unavailable(
                "It is not known whether the recording was saved. List the sessions before sending it again.",
                "outcome_unknown",
                error.retry_after_seconds,
            ) from error
        raise


def is_promised(resources: Resources, session: Subject) -> bool | None:
    """Whether the row of the session, or of the further recording, was committed.

    None if Postgres cannot be asked.
    """
    try:
        with resources.database.transaction(session.practice_id) as db:
            there = sessions.get(db, session.id) is not None
            return there or further_recordings.session_of(db, session.id) is not None
    except (DomainError, DatabaseError):
        return None


def _remove(resources: Resources, session: Subject) -> None:
    try:
        resources.recordings.delete(session, RECORDING)
    except DomainError as error:  # the store is away too: the first error is the one to tell
        log.warning("partial_upload_left", session_id=session.id, code=error.code)
    resources.vault.keys.destroy(session.id)
