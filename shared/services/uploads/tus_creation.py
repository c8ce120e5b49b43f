"""Resumable uploads: announced, with all that can be checked before a byte is sent."""

from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID, uuid4

from shared.db.queries.records import uploads
from shared.db.tables.uploads import Upload
from shared.domain.errors import InvalidInput
from shared.services import idempotency
from shared.services.access import consent, ownership
from shared.services.access.caller import Caller
from shared.services.engines import engine_choice
from shared.services.notes import templates
from shared.services.resources import Resources
from shared.services.uploads import accepting, quotas
from shared.services.uploads.registration import UploadDetails
from shared.services.uploads.tus_patch import kept_seconds
from shared.vault.sealing import Subject

DETAILS = "upload.details"


@dataclass(frozen=True, slots=True)
class State:
    """How far an upload is, in bytes. ``expires_at`` None: it is a session of the same id by now.

    ``length`` None: the client has not said yet. ``metadata`` is what the client wrote about it.
    ``session_id``: the session that it has joined, where that is another.
    """

    id: UUID
    offset: int
    length: int | None
    expires_at: datetime | None
    metadata: str | None = None
    session_id: UUID | None = None


def create(
    resources: Resources, caller: Caller, length: int | None, details: UploadDetails, metadata: str
) -> State:
    """Announce a recording of ``length`` bytes, None: not known yet; what can be refused is refused now.

    Raises what ``accepting`` and ``consent`` raise, TooLarge and LimitReached.
    """
    if length is not None:
        check_length(resources, length)
    accepting.check_claims(details.file_name, details.declared_type)
    engine_choice.check(resources, caller.practice_id, details.transcriber, details.language)
    templates.check(resources, caller, details.template)
    with resources.database.transaction(caller.practice_id) as db:
        consent.require(db, caller, details.patient_id)
        engine_choice.check_consent(resources, db, details.patient_id, details.transcriber)
        announced = uploads.announced_bytes(db, caller.practice_id)
    quotas.require_room(resources, caller.practice_id, announced + (length or 0))
    subject = Subject(caller.practice_id, uuid4())
    resources.vault.keys.create(subject.practice_id, subject.id)
    try:
        return _insert(resources, caller, subject, length, details, metadata)
    except BaseException:
        resources.vault.keys.destroy(subject.id)
        raise


def check_length(resources: Resources, length: int) -> None:
    """Raise TooLarge or InvalidInput for a length that no recording may have."""
    if length > resources.settings.max_upload_bytes:
        raise accepting.too_large(resources.settings.max_upload_bytes)
    accepting.check_size(length)


def settle_length(resources: Resources, upload: Upload, length: int) -> None:
    """Note the length that an upload was announced without; said again, it must be the same."""
    if not upload.deferred:
        if length != upload.length:
            raise InvalidInput(
                f"The upload has {upload.length} bytes by what was sent before. Leave Upload-Length out.",
                "upload_length_fixed",
            )
        return
    check_length(resources, length)
    if length < sum(upload.segments):
        raise InvalidInput(
            f"{sum(upload.segments)} bytes of the upload are stored. Send an Upload-Length that is no less.",
            "upload_length_too_short",
        )
    upload.length, upload.deferred = length, False


def _insert(
    resources: Resources,
    caller: Caller,
    subject: Subject,
    length: int | None,
    details: UploadDetails,
    metadata: str,
) -> State:
    written = asdict(details) | {
        "patient_id": str(details.patient_id),
        "session_date": details.session_date.isoformat(),
        "joins": details.joins and str(details.joins),
    }
    upload = Upload(
        id=subject.id,
        practice_id=caller.practice_id,
        therapist_id=caller.therapist_id,
        patient_id=details.patient_id,
        length=resources.settings.max_upload_bytes if length is None else length,
        deferred=length is None,
        details=resources.vault.seal(subject, DETAILS, {"metadata": metadata, **written}),
        segments=[],
    )
    with resources.database.transaction(caller.practice_id) as db:
        consent.require(db, caller, details.patient_id, hold=True)
        expires_at = uploads.add(db, upload, kept_seconds=kept_seconds(upload))
        ownership.audit(db, caller, "upload.create", subject.id)
        idempotency.complete(resources, db, caller, subject.id, 201)
    return State(subject.id, 0, length, expires_at, metadata)


def opened(resources: Resources, upload: Upload) -> dict[str, str]:
    """What was sealed: ``metadata``, as the client wrote it, and the details."""
    subject = Subject(upload.practice_id, upload.id)
    found: dict[str, str] = resources.vault.open(subject, DETAILS, upload.details)
    return found


def details_of(resources: Resources, upload: Upload) -> UploadDetails:
    """What came with the upload when it was announced."""
    found = {name: value for name, value in opened(resources, upload).items() if name != "metadata"}
    known = {
        "patient_id": upload.patient_id,
        "session_date": datetime.fromisoformat(found["session_date"]),
        "vocabulary": tuple(found["vocabulary"]),
        "joins": UUID(joins) if (joins := found.get("joins")) else None,
    }
    return UploadDetails(**found | known)  # type: ignore[arg-type]  # as it was sealed
