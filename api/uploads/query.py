"""What an upload takes from the query: the patient at most. Anything else there is refused."""

from flask import Flask, g, request

from api.schemas.recordings.uploads import DirectUploadCreateSchema, UploadBodySchema
from shared.domain.errors import InvalidInput

_FORM = "as a field of the form"
_METADATA = "in `Upload-Metadata` of `POST /api/uploads`"
_BODY = "in the JSON body of `POST /api/direct-uploads`"
# Each route that takes a recording, with where it reads what comes with one.
_PLACES = {
    "sessions.upload": _FORM,
    "form_upload.send": _FORM,  # of browsers without JavaScript
    "uploads.create": _METADATA,
    "uploads.patch": _METADATA,
    "direct_uploads.create": _BODY,
    "direct_uploads.complete": _BODY,
}
_TAKES_PATIENT, _PATIENT = "sessions.upload", "patient_id"
_KNOWN = {*UploadBodySchema().fields, *DirectUploadCreateSchema().fields}


def install(app: Flask) -> None:
    """Refuse what uploads to ``app`` would ignore. The callers must be known before."""
    app.before_request(refuse_unread)


def refuse_unread() -> None:
    """Raise InvalidInput for a query parameter that the upload would not read, or would read in part."""
    place = _PLACES.get(request.endpoint or "")
    if place is None or not request.args:
        return
    g.body_unread = True
    unread = set(request.args)
    if request.endpoint == _TAKES_PATIENT:
        unread.discard(_PATIENT)
        if len(request.args.getlist(_PATIENT)) > 1:
            raise _refusal("The query names a patient twice.", [_PATIENT], "Name one patient, once.")
    _refuse(unread, place)


def _refuse(unread: set[str], place: str) -> None:
    """Raise InvalidInput unless ``unread`` is empty; ``place`` is where the upload reads instead."""
    # Only names of our own are repeated: the others are the client's words.
    if misplaced := sorted(_KNOWN & unread):
        named = ", ".join(f"`{name}`" for name in misplaced)
        raise _refusal(f"An upload does not read {named} from the query.", misplaced, f"Send it {place}.")
    if unread:
        raise _refusal(
            "The query has a parameter that an upload does not take.",
            ["unknown_fields"],
            f"Leave it out. What comes with a recording belongs {place}.",
        )


def _refusal(problem: str, names: list[str], message: str) -> InvalidInput:
    return InvalidInput(f"{problem} {message}", "upload_query_invalid", {name: [message] for name in names})
