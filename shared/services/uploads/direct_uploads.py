"""Direct uploads: a client puts a recording into the bucket itself, and has it taken over from there.

It is a resumable upload whose bytes come from the bucket instead of the request: its row, its key, its
expiry, its checks and its promise are the same. What was sent is removed with the promise or the
refusal, with an upload that expires, and in any case a day later.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from uuid import UUID

from shared.domain.errors import Conflict, NotFound
from shared.domain.ports import Block, ByteSource
from shared.services.access.caller import Caller
from shared.services.resources import Resources
from shared.services.uploads import resumable, tus_creation
from shared.services.uploads.registration import UploadDetails
from shared.storage.recordings import RECORDING, object_name
from shared.storage.s3 import INCOMING, Invitation, S3Store
from shared.vault.sealing import Subject

INVITED_SECONDS = 3600
_READ_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Direct:
    """An upload that was announced, and how to send it; None once it is a session, or has joined one."""

    id: UUID
    length: int
    invitation: Invitation | None
    session_id: UUID | None = None


def announce(resources: Resources, caller: Caller, length: int, details: UploadDetails) -> Direct:
    """Announce a recording of ``length`` bytes; see ``announcing.create``. Raises Conflict if off."""
    store = _store(resources)
    state = tus_creation.create(resources, caller, length, details, "")
    return _invited(resources, store, caller, state.id, length)


def show(resources: Resources, caller: Caller, upload_id: UUID) -> Direct:
    """The upload with a new invitation; raises NotFound."""
    state = resumable.state(resources, caller, upload_id)
    if state.expires_at is None:
        return Direct(state.id, state.offset, None, state.session_id or state.id)
    return _invited(resources, _store(resources), caller, state.id, _announced(state))


def complete(
    resources: Resources,
    caller: Caller,
    upload_id: UUID,
    admit: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> UUID:
    """Take over what was sent: it is read once, encrypted, checked and promised as any upload is.

    Gives the id of its session, also where that was done before. Raises what ``resumable.receive`` raises,
    and Conflict where nothing, or something of another length, was sent.
    """
    state = resumable.state(resources, caller, upload_id)
    if state.expires_at is None:
        return state.session_id or upload_id
    try:
        with _store(resources).open(f"{INCOMING}{_name(caller, upload_id)}") as sent:
            if sent.size != _announced(state):
                raise Conflict(
                    f"{sent.size} bytes were sent, and {state.length} were announced: send it again.",
                    "direct_upload_differs",
                )
            done = resumable.receive(
                resources,
                caller,
                upload_id,
                0,
                lambda write: _hand_on(sent, write),
                declared=sent.size,
                all_or_nothing=True,
                admit=admit,
            )
            return done.session_id or upload_id
    except NotFound as error:
        if error.code != "object_gone":
            raise
        raise Conflict(
            "The recording has not been sent yet: POST it to the address that this upload names.",
            "direct_upload_missing",
        ) from error


def _announced(state: tus_creation.State) -> int:
    if state.length is None:  # of a resumable upload, which is none of ours
        raise NotFound("There is no such upload. It may have expired: begin anew.", "upload_not_found")
    return state.length


def _hand_on(sent: ByteSource, write: Callable[[Block], None]) -> None:
    for offset in range(0, sent.size, _READ_BYTES):
        write(sent.read_at(offset, _READ_BYTES))


def _store(resources: Resources) -> S3Store:
    store = resources.recordings.store
    if resources.settings.direct_uploads == "no" or not isinstance(store, S3Store):
        raise Conflict(
            "This server takes no direct uploads: send recordings to /api/sessions/upload or /api/uploads.",
            "direct_uploads_off",
        )
    return store


def _invited(resources: Resources, store: S3Store, caller: Caller, upload_id: UUID, length: int) -> Direct:
    encrypted = resources.settings.direct_uploads == "sse-s3"
    name = _name(caller, upload_id)
    return Direct(upload_id, length, store.invite(name, length, INVITED_SECONDS, encrypted=encrypted))


def _name(caller: Caller, upload_id: UUID) -> str:
    return object_name(Subject(caller.practice_id, upload_id), RECORDING)
