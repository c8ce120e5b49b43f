"""The notes of a session: read, edited, compared, signed, added to."""

from typing import Any
from uuid import UUID

from flask import Response, jsonify

from api import idempotency
from api.auth import caller, needs, resources
from api.http.json_bodies import Blueprint
from api.http.negotiation import JSON, attachment, varying, wanted
from api.http.preconditions import PARAMETER as IF_MATCH
from api.http.preconditions import tag_named, tagged
from api.openapi.document import ETAG, answers, file_answer
from api.schemas.notes import (
    AcceptSchema,
    AddendumCreateSchema,
    AwaitingSchema,
    DifferenceSchema,
    DiffQuerySchema,
    EditSchema,
    ListedVersionSchema,
    NotesQuerySchema,
    NotesVersionSchema,
    OfferSchema,
    RenderSchema,
    SignSchema,
)
from shared.domain.disclosures import export_code
from shared.exports import FILES, fhir, notes_outline
from shared.services.access.caller import Scope
from shared.services.idempotency import Answered
from shared.services.notes import editing as note_writing
from shared.services.notes import exporting, signing
from shared.services.notes import reading as notes
from shared.services.notes.reading import Notes

blueprint = Blueprint("notes", __name__, url_prefix="/api/sessions", description="The notes of a session.")

_TYPES = {"json": JSON, "fhir": fhir.MEDIA_TYPE} | {name: kind for name, (kind, _) in FILES.items()}


@blueprint.route("/<id:session_id>/notes", methods=["GET"])
@blueprint.doc(responses={200: file_answer(*_TYPES.values())})
@blueprint.arguments(NotesQuerySchema, location="query")
@blueprint.response(200, NotesVersionSchema, headers=ETAG)
@blueprint.alt_response(304, description="They are still what `If-None-Match` names")
@answers(blueprint, 404, 406, 422)
@needs(Scope.NOTES_READ)
def show(query: dict[str, Any], session_id: UUID) -> Response:
    """The current notes, or `?version=` of them; 404 until there are any.

    As JSON, Markdown, Word, PDF or FHIR R4 (a document Bundle) by `Accept` or `?format=`, and with
    `?template=` in another template, filled from the same evidence.

    A supervisor of the session's therapist reads what is signed, and nothing before it is.
    """
    form = wanted(query["format"], _TYPES)
    code = export_code(form, query["recipient"], query["purpose"], is_file=form != "json")
    found = exporting.export(
        resources(), caller(), session_id, version=query["version"], template=query["template"], code=code
    )
    if form == "json":
        return notes_answer(found.notes)
    name = f"notes-{session_id}-{found.notes.head.version}.{'fhir.json' if form == 'fhir' else form}"
    content = fhir.as_fhir(found) if form == "fhir" else FILES[form][1](notes_outline(found))
    response = attachment(content, _TYPES[form], name)
    return tagged(response, f"{found.notes.tag}.{found.notes.head.template}.{form}")


@blueprint.route("/<id:session_id>/notes/render", methods=["POST"])
@blueprint.arguments(RenderSchema)
@blueprint.response(200, NotesVersionSchema, headers=ETAG)
@answers(blueprint, 400, 404, 409, 412, 415, 422)
@needs(Scope.NOTES_WRITE)
def render(given: dict[str, Any], session_id: UUID) -> Response:
    """Put the current notes into another template, as a new version; no transcript is made again."""
    return notes_answer(note_writing.render(resources(), caller(), session_id, given["template"]))


@blueprint.route("/<id:session_id>/notes", methods=["PUT"])
@blueprint.doc(parameters=[IF_MATCH])
@blueprint.arguments(EditSchema)
@blueprint.response(200, NotesVersionSchema, headers=ETAG)
@answers(blueprint, 400, 404, 409, 412, 415, 422, 428)
@needs(Scope.NOTES_WRITE)
def edit(given: dict[str, Any], session_id: UUID) -> Response:
    """The clinician's edit of the current notes, as a new version; nothing is overwritten.

    `If-Match` takes the `ETag` of the notes as they were read: without one the answer is 428, and
    412 if they have changed meanwhile. Each item is checked against the transcript again: what it
    does not bear out stays, marked `by_clinician`; a risk flag that is left out is kept under
    `unsupported`. A significant quote that was not said is a 400, `quote_not_said`.
    """
    return notes_answer(
        note_writing.edit(resources(), caller(), session_id, given["extracted_notes"], tag_named())
    )


@blueprint.route("/<id:session_id>/notes/versions", methods=["GET"])
@blueprint.response(200, ListedVersionSchema(many=True))
@answers(blueprint, 404, 422)
@needs(Scope.NOTES_READ)
def versions(session_id: UUID) -> Any:
    """Every version of the notes, first come first, without their text."""
    return notes.listed(resources(), caller(), session_id)


@blueprint.route("/<id:session_id>/notes/diff", methods=["GET"])
@blueprint.arguments(DiffQuerySchema, location="query")
@blueprint.response(200, DifferenceSchema)
@answers(blueprint, 404, 422)
@needs(Scope.NOTES_READ)
def diff(query: dict[str, Any], session_id: UUID) -> Any:
    """What one version has that another has not; without a query, what the current one changed."""
    return notes.difference(resources(), caller(), session_id, query["to"], query["from_"])


@blueprint.route("/<id:session_id>/notes/accept", methods=["POST"])
@blueprint.arguments(AcceptSchema)
@blueprint.response(200, NotesVersionSchema, headers=ETAG)
@answers(blueprint, 400, 404, 409, 412, 415, 422)
@needs(Scope.NOTES_WRITE)
def accept(given: dict[str, Any], session_id: UUID) -> Response:
    """Take an offered extraction, or some fields of it, as a new version of the notes."""
    return notes_answer(
        note_writing.accept(resources(), caller(), session_id, given["version"], given["fields_"])
    )


@blueprint.route("/<id:session_id>/notes/dismiss", methods=["POST"])
@blueprint.arguments(OfferSchema)
@blueprint.response(200, NotesVersionSchema, headers=ETAG)
@answers(blueprint, 400, 404, 415, 422)
@needs(Scope.NOTES_WRITE)
def dismiss(given: dict[str, Any], session_id: UUID) -> Response:
    """Leave the notes as they are; the offered extraction remains among the versions."""
    return notes_answer(note_writing.dismiss(resources(), caller(), session_id, given["version"]))


@blueprint.route("/<id:session_id>/notes/sign", methods=["POST"])
@blueprint.doc(parameters=[IF_MATCH])
@blueprint.arguments(SignSchema, required=False)
@blueprint.response(200, NotesVersionSchema, headers=ETAG)
@answers(blueprint, 400, 404, 409, 412, 415, 422)
@needs(Scope.NOTES_SIGN)
def sign(given: dict[str, Any], session_id: UUID) -> Response:
    """Sign the current version: it stays as it is for good, and later changes are addenda.

    With `If-Match` or `version` the answer is 412 where the notes are no more what was read. A
    therapist with a supervisor signs too; the notes then wait for the co-signature.

    While a risk alert of the session is not acknowledged the answer is 409 `risk_alerts_open`, with the
    ids of the open alerts under `errors.risk_alerts`; so it is for the co-signature.
    """
    return notes_answer(signing.sign(resources(), caller(), session_id, tag_named(), given.get("version")))


@blueprint.route("/<id:session_id>/notes/cosign", methods=["POST"])
@blueprint.response(200, NotesVersionSchema, headers=ETAG)
@answers(blueprint, 404, 409, 422)
@needs(Scope.NOTES_SIGN)
def cosign(session_id: UUID) -> Response:
    """Co-sign the notes and addenda of a therapist whom the caller supervises."""
    return notes_answer(signing.cosign(resources(), caller(), session_id))


def _addendum_again(first: Answered) -> Response:
    return _created(notes.read(resources(), caller(), first.resource_id))


@blueprint.route("/<id:session_id>/notes/addenda", methods=["POST"])
@blueprint.doc(parameters=[idempotency.PARAMETER])
@blueprint.arguments(AddendumCreateSchema)
@blueprint.response(201, NotesVersionSchema, headers=ETAG)
@answers(blueprint, 400, 404, 409, 415, 422)
@needs(Scope.NOTES_SIGN)
@idempotency.idempotent(_addendum_again)
def add_addendum(given: dict[str, Any], session_id: UUID) -> Response:
    """Add to signed notes. The addendum is signed with this call, and as immutable as they are."""
    return _created(signing.add_addendum(resources(), caller(), session_id, given["text"]))


@blueprint.route("/awaiting-cosignature", methods=["GET"])
@blueprint.response(200, AwaitingSchema(many=True))
@answers(blueprint)
@needs(Scope.NOTES_SIGN)
def awaiting() -> Any:
    """The sessions whose notes wait for the caller's co-signature, at most 1,000, oldest first."""
    return signing.awaiting(resources(), caller())


def notes_answer(found: Notes) -> Response:
    """The notes as JSON with their ETag."""
    document = NotesVersionSchema(exclude=("extracted_notes",)).dump(
        {
            **_fields(found),
            "addenda": found.addenda,
            "offered": found.offered,
            "notices": found.notices,
        }
    )
    response = jsonify({**document, "extracted_notes": found.document})
    return varying(tagged(response, found.tag))


def _fields(found: Notes) -> dict[str, Any]:
    return {name: getattr(found.head, name) for name in found.head.__slots__}


def _created(found: Notes) -> Response:
    response = notes_answer(found)
    response.status_code = 201
    return response
