"""Resumable uploads that are not whole yet: listed, and what a recorder left behind made a session."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from shared.db.connection.clock import now
from shared.db.queries.records import uploads
from shared.domain.errors import Conflict
from shared.services.access.caller import Caller
from shared.services.resources import Resources
from shared.services.uploads import resumable, separating
from shared.services.uploads.tus_patch import kept_seconds

# A recorder sends a part every few seconds; one whose network is away may take longer.
SILENT = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Unfinished:
    """An upload that is not whole. ``length`` None: the client has not said yet, as of a recorder."""

    id: UUID
    patient_id: UUID
    offset: int
    length: int | None
    created_at: datetime
    stored_at: datetime
    expires_at: datetime


def listed(resources: Resources, caller: Caller) -> list[Unfinished]:
    """The caller's, from the newest. Not audited: it tells no content."""
    with resources.database.transaction(caller.practice_id) as db:
        return _listed(db, caller)


def cut_off(resources: Resources, caller: Caller) -> list[Unfinished]:
    """The recordings that no recorder goes on with, as far as one can tell, from the newest."""
    with resources.database.transaction(caller.practice_id) as db:
        before = now(db) - SILENT
        found = _listed(db, caller)
    return [one for one in found if one.length is None and one.offset and one.stored_at < before]


def _listed(db: DbSession, caller: Caller) -> list[Unfinished]:
    return [
        Unfinished(
            upload.id,
            upload.patient_id,
            sum(upload.segments),
            None if upload.deferred else upload.length,
            upload.created_at,
            upload.expires_at - timedelta(seconds=kept_seconds(upload)),
            upload.expires_at,
        )
        for upload in uploads.unfinished(db, caller.therapist_id)
    ]


def finish(
    resources: Resources,
    caller: Caller,
    upload_id: UUID,
    admit: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> UUID:
    """Make a session of what has come of a recording without a length, or have it join the one that it
    continues; gives the session's id.

    If that one does not take it (it was signed, or deleted, meanwhile), it becomes a session of its own.
    So does a further recording that cannot be joined. Raises as ``resumable.receive`` and
    ``separating.separate``, and Conflict for an upload whose client has the rest.
    """
    if separating.separate(resources, caller, upload_id, admit):
        return upload_id
    state = resumable.state(resources, caller, upload_id)
    stored = state.offset
    if state.length is not None and stored < state.length:
        raise Conflict(
            f"{stored} of {state.length} bytes are stored. Send the rest to the upload, or give it up.",
            "upload_incomplete",
        )
    done = resumable.receive(
        resources, caller, upload_id, stored, lambda _: None, length=stored, admit=admit, alone=True
    )
    return done.session_id or upload_id
