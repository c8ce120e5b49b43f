"""The copy of a whole record for its patient: asked for, prepared in the background, fetched once."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Any
from uuid import UUID

from flask import Response, jsonify, request

from api import idempotency
from api.auth import caller, needs, resources
from api.http.json_bodies import Blueprint
from api.http.negotiation import attachment
from api.openapi.document import answers, binary_answer
from api.schemas.privacy.rights import PackageRequestSchema, PackageSchema
from shared.db.tables.privacy.packages import RecordPackage
from shared.domain.rights import PackageForm
from shared.services.access.caller import Caller, Scope
from shared.services.idempotency import Answered
from shared.services.resources import Resources
from shared.services.rights import packages

blueprint = Blueprint(
    "packages", __name__, url_prefix="/api/patients", description="Copies of whole records for patients."
)

AGE_TYPE, ZIP_TYPE = "application/age-encryption", "application/zip"
_BLOCK_BYTES = 256 * 1024
_LOOK_EVERY_BYTES = 16 * 1024 * 1024


def _again(first: Answered) -> Response:
    patient_id = UUID(str((request.view_args or {})["patient_id"]))
    found = packages.get(resources(), caller(), patient_id, first.resource_id)
    return jsonify(PackageSchema().dump(found))


@blueprint.route("/<id:patient_id>/packages", methods=["POST"])
@blueprint.doc(parameters=[idempotency.PARAMETER])
@blueprint.arguments(PackageRequestSchema)
@blueprint.response(202, PackageSchema)
@answers(blueprint, 400, 403, 404, 409, 415, 422)
@needs(Scope.PATIENTS_WRITE, fresh=True)
@idempotency.idempotent(_again)
def create(given: dict[str, Any], patient_id: UUID) -> tuple[RecordPackage, int]:
    """Have all that the patient may have prepared as one encrypted file.

    Of each session the notes as PDF and FHIR, the transcript and the recording; the consents; the requests;
    who saw the record and to whom it was given. Psychotherapy notes are left out, and `CONTENTS.txt` says so.
    It can be fetched once, within 7 days of being ready. `request_id` names an open request for access, which
    is fulfilled then; 409 `request_not_open` for any other.
    """
    may_read_all(caller())
    return packages.request(resources(), caller(), patient_id, given["lock"], given["request_id"]), 202


@blueprint.route("/<id:patient_id>/packages", methods=["GET"])
@blueprint.response(200, PackageSchema(many=True))
@answers(blueprint, 404, 422)
@needs(Scope.PATIENTS_READ)
def show_all(patient_id: UUID) -> Sequence[RecordPackage]:
    """The copies of the record that were asked for, newest first."""
    return packages.listed(resources(), caller(), patient_id)


@blueprint.route("/<id:patient_id>/packages/<id:package_id>", methods=["GET"])
@blueprint.response(200, PackageSchema)
@answers(blueprint, 404, 422)
@needs(Scope.PATIENTS_READ)
def show(patient_id: UUID, package_id: UUID) -> RecordPackage:
    """How far a copy is: `parts_done` of `parts_total` while it is `preparing`."""
    return packages.get(resources(), caller(), patient_id, package_id)


@blueprint.route("/<id:patient_id>/packages/<id:package_id>", methods=["DELETE"])
@blueprint.response(200, PackageSchema)
@answers(blueprint, 404, 409, 422)
@needs(Scope.PATIENTS_WRITE)
def withdraw(patient_id: UUID, package_id: UUID) -> RecordPackage:
    """Take a copy back; what is stored of it is removed."""
    return packages.withdraw(resources(), caller(), patient_id, package_id)


@blueprint.route("/<id:patient_id>/packages/<id:package_id>/file", methods=["GET"])
@blueprint.doc(
    responses={200: binary_answer("A ZIP file (AES-256), or one encrypted with age", ZIP_TYPE, AGE_TYPE)}
)
@blueprint.response(200)
@answers(blueprint, 403, 404, 409, 410, 422)
@needs(Scope.PATIENTS_WRITE, fresh=True)
def fetch(patient_id: UUID, package_id: UUID) -> Response:
    """The copy, once: after its last byte it is removed. A transfer that broke off can be begun again."""
    may_read_all(caller())
    return sent(resources(), caller(), patient_id, package_id)


def may_read_all(who: Caller) -> None:
    """Raise NotAllowed unless the caller may read all that the copy holds."""
    for scope in (Scope.NOTES_READ, Scope.SESSIONS_READ, Scope.PATIENTS_READ):
        who.need(scope)


def sent(mine: Resources, who: Caller, patient_id: UUID, package_id: UUID) -> Response:
    """The answer that sends the file."""
    with ExitStack() as opened:
        row, source = opened.enter_context(packages.fetched(mine, who, patient_id, package_id))
        opened = opened.pop_all()

    def blocks() -> Iterator[bytes]:
        for start in range(0, source.size, _BLOCK_BYTES):
            is_last = start + _BLOCK_BYTES >= source.size
            if is_last or (start and start % _LOOK_EVERY_BYTES == 0):  # raises: the connection breaks
                packages.require_sendable(mine, who, row)
            yield source.read_at(start, min(_BLOCK_BYTES, source.size - start))
        packages.note_fetched(mine, who, row)

    is_zip = row.form is PackageForm.ZIP
    name = f"record-{patient_id}.zip" if is_zip else f"record-{patient_id}.zip.age"
    response = attachment(b"", ZIP_TYPE if is_zip else AGE_TYPE, name)
    response.response = blocks()
    response.content_length = source.size
    response.call_on_close(opened.close)
    return response
