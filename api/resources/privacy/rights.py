"""What patients ask of their records: a copy, an amendment, a restriction."""

from contextlib import suppress
from typing import Any
from uuid import UUID

from flask import Response, jsonify, request

from api import idempotency
from api.auth import caller, needs, resources
from api.exports import package as packages
from api.http.json_bodies import Blueprint
from api.http.negotiation import attachment
from api.openapi.document import answers, binary_answer
from api.schemas.privacy.rights import (
    DecisionSchema,
    PackageSchema,
    RightsRequestCreateSchema,
    RightsRequestSchema,
)
from shared.domain.errors import Conflict
from shared.domain.rights import RequestStatus
from shared.services import patients
from shared.services.access.caller import Scope
from shared.services.idempotency import Answered
from shared.services.rights import requests
from shared.services.rights.requests import Asked

blueprint = Blueprint(
    "rights", __name__, url_prefix="/api/patients", description="What patients ask of their records."
)


@blueprint.route("/<id:patient_id>/requests", methods=["GET"])
@blueprint.response(200, RightsRequestSchema(many=True))
@answers(blueprint, 404, 422)
@needs(Scope.PATIENTS_READ)
def show(patient_id: UUID) -> list[Asked]:
    """Everything that the patient asked for, oldest first."""
    return requests.listed(resources(), caller(), patient_id)


def _again(first: Answered) -> Response:
    patient_id = UUID(str((request.view_args or {})["patient_id"]))
    found = requests.get(resources(), caller(), patient_id, first.resource_id)
    return jsonify(RightsRequestSchema().dump(found))


@blueprint.route("/<id:patient_id>/requests", methods=["POST"])
@blueprint.doc(parameters=[idempotency.PARAMETER])
@blueprint.arguments(RightsRequestCreateSchema)
@blueprint.response(201, RightsRequestSchema)
@answers(blueprint, 400, 404, 409, 415, 422)
@needs(Scope.PATIENTS_WRITE)
@idempotency.idempotent(_again)
def create(given: dict[str, Any], patient_id: UUID) -> tuple[Asked, int]:
    """Note what the patient asks for, with the day on which it is due.

    A copy (`access`) and a restriction are due after 30 days, an amendment after 60. A request to amend is
    shown with the notes of its session from now on, and so is what was answered.
    """
    kind, words = given.pop("kind"), given.pop("words")
    return requests.create(resources(), caller(), patient_id, kind, words, **given), 201


@blueprint.route("/<id:patient_id>/requests/<id:request_id>/decision", methods=["POST"])
@blueprint.arguments(DecisionSchema)
@blueprint.response(200, RightsRequestSchema)
@answers(blueprint, 400, 404, 409, 415, 422)
@needs(Scope.PATIENTS_WRITE)
def decide(given: dict[str, Any], patient_id: UUID, request_id: UUID) -> Asked:
    """Say what becomes of a request; a denial needs its reason."""
    return requests.decide(resources(), caller(), patient_id, request_id, given["status"], given["answer"])


@blueprint.route("/<id:patient_id>/package", methods=["POST"])
@blueprint.doc(responses={200: binary_answer("A ZIP file, encrypted with AES-256", packages.MEDIA_TYPE)})
@blueprint.arguments(PackageSchema)
@blueprint.response(200)
@answers(blueprint, 400, 403, 404, 409, 415, 422)
@needs(Scope.PATIENTS_WRITE, fresh=True)
def package(given: dict[str, Any], patient_id: UUID) -> Response:
    """All that the patient may have, as one encrypted ZIP file, made while it is sent.

    Of each session the notes as PDF and FHIR, the transcript and the recording; the consents; the requests.
    Psychotherapy notes are left out, and `CONTENTS.txt` says so. A file that was broken off cannot be opened.
    """
    for scope in (Scope.NOTES_READ, Scope.SESSIONS_READ, Scope.PATIENTS_READ):
        caller().need(scope)
    return packaged(patient_id, given["password"], given["request_id"])


def packaged(patient_id: UUID, password: str, request_id: UUID | None) -> Response:
    """The answer that sends the package; the request that it fulfils is closed once all was sent."""
    mine, who = resources(), caller()
    patients.get(mine, who, patient_id)
    if request_id is not None:
        requests.get(mine, who, patient_id, request_id)
    requests.note_package(mine, who, patient_id)

    def done() -> None:
        if request_id is not None:
            with suppress(Conflict):  # decided already
                requests.decide(mine, who, patient_id, request_id, RequestStatus.FULFILLED, None)

    blocks = packages.package(mine, who, patient_id, password, done)
    response = attachment(b"", packages.MEDIA_TYPE, f"record-{patient_id}.zip")
    response.response = blocks
    response.headers.pop("Content-Length", None)
    response.call_on_close(blocks.close)
    return response
