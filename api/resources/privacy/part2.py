"""Flags of substance use disorder records (42 CFR Part 2)."""

from typing import Any
from uuid import UUID

from api.auth import caller, needs, resources
from api.http.json_bodies import Blueprint
from api.openapi.document import answers
from api.schemas.privacy.consents import Part2Schema
from shared.services.access.caller import Scope
from shared.services.consents import part2

blueprint = Blueprint("part2", __name__, url_prefix="/api", description="Substance use disorder records.")


@blueprint.route("/patients/<id:patient_id>/part2", methods=["PUT"])
@blueprint.arguments(Part2Schema)
@blueprint.response(200, Part2Schema)
@answers(blueprint, 400, 404, 415, 422)
@needs(Scope.PATIENTS_WRITE)
def flag_patient(given: dict[str, Any], patient_id: UUID) -> dict[str, bool]:
    """Say whether 42 CFR Part 2 protects all records of the patient.

    Each export of the notes then carries the notice, and FHIR documents their labels. Engines elsewhere need
    the consent `part2` besides `sending_away`; process notes count as SUD counselling notes.
    """
    return {"is_part2": part2.flag_patient(resources(), caller(), patient_id, given["is_part2"])}


@blueprint.route("/sessions/<id:session_id>/part2", methods=["PUT"])
@blueprint.arguments(Part2Schema)
@blueprint.response(200, Part2Schema)
@answers(blueprint, 400, 404, 415, 422)
@needs(Scope.SESSIONS_WRITE)
def flag_session(given: dict[str, Any], session_id: UUID) -> dict[str, bool]:
    """As for a patient, for one session; the answer is true also where the patient is flagged."""
    return {"is_part2": part2.flag_session(resources(), caller(), session_id, given["is_part2"])}
