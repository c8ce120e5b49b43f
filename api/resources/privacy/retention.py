"""Rules of retention: how long a practice keeps what, and what would go."""

from typing import Any
from uuid import UUID

from api.auth import any_key, caller, needs, resources
from api.http.json_bodies import Blueprint
from api.openapi.document import answers
from api.schemas.privacy.receipts import SigningKeySchema
from api.schemas.privacy.retention import (
    PatientRetentionSchema,
    PreviewQuerySchema,
    PreviewSchema,
    RetentionRuleSchema,
    RetentionRuleSetSchema,
)
from shared.db.tables.privacy.retention import RetentionRule
from shared.domain.errors import NotFound
from shared.domain.retention import RetentionKind
from shared.services.access.caller import Scope
from shared.services.retention import receipts, rules, sweep
from shared.services.retention.rules import OfPatient
from shared.services.retention.sweep import Preview

blueprint = Blueprint("retention", __name__, url_prefix="/api", description="How long records are kept.")


@blueprint.route("/retention/rules", methods=["GET"])
@blueprint.response(200, RetentionRuleSchema(many=True))
@answers(blueprint)
@needs(Scope.RETENTION)
def list_rules() -> Any:
    """The practice's rules. A kind without one is kept without limit."""
    return rules.listed(resources(), caller())


@blueprint.route("/retention/preview", methods=["GET"])
@blueprint.arguments(PreviewQuerySchema, location="query")
@blueprint.response(200, PreviewSchema)
@answers(blueprint, 422)
@needs(Scope.RETENTION)
def preview(query: dict[str, int]) -> Preview:
    """What the rules remove within `days` (tomorrow unless said), and what keeps some of it."""
    return sweep.preview(resources(), caller(), days=query["days"])


@blueprint.route("/retention/rules/<kind>", methods=["PUT"])
@blueprint.arguments(RetentionRuleSetSchema)
@blueprint.response(200, RetentionRuleSchema)
@answers(blueprint, 400, 404, 415, 422)
@needs(Scope.RETENTION, fresh=True)
def set_rule(given: dict[str, Any], kind: str) -> RetentionRule:
    """Keep a kind of record for so long: `recording`, `transcript`, `drafts`, `process_notes`, `session`.

    It works on what is older too. `signed_minimum` removes nothing: until it is over no session with signed
    notes is deleted, for any caller (409 `minimum_not_over`).
    """
    return rules.set_rule(resources(), caller(), _kind(kind), **given)


@blueprint.route("/retention/rules/<kind>", methods=["DELETE"])
@blueprint.response(204)
@answers(blueprint, 404, 422)
@needs(Scope.RETENTION, fresh=True)
def remove_rule(kind: str) -> None:
    """Keep a kind of record without limit from now on."""
    rules.remove_rule(resources(), caller(), _kind(kind))


@blueprint.route("/patients/<id:patient_id>/retention", methods=["GET"])
@blueprint.response(200, PatientRetentionSchema)
@answers(blueprint, 404, 422)
@needs(Scope.PATIENTS_READ)
def show_patient(patient_id: UUID) -> OfPatient:
    """The patient's year of birth and exception, as far as rules of retention use them."""
    return rules.of_patient(resources(), caller(), patient_id)


@blueprint.route("/patients/<id:patient_id>/retention", methods=["PUT"])
@blueprint.arguments(PatientRetentionSchema)
@blueprint.response(200, PatientRetentionSchema)
@answers(blueprint, 400, 404, 415, 422)
@needs(Scope.PATIENTS_WRITE)
def set_patient(given: dict[str, Any], patient_id: UUID) -> OfPatient:
    """Set the year of birth, and until when no rule removes anything of the patient."""
    return rules.set_patient(resources(), caller(), patient_id, OfPatient(**given))


@blueprint.route("/practice/signing-key", methods=["GET"])
@blueprint.response(200, SigningKeySchema)
@answers(blueprint)
@any_key
def signing_key() -> Any:
    """The practice's public key, by whose fingerprint a receipt is known to be the practice's."""
    key = receipts.key_of(resources(), caller().practice_id).public_key
    return {"algorithm": "Ed25519", "public_key": key, "fingerprint": receipts.fingerprint(key)}


def _kind(word: str) -> RetentionKind:
    try:
        return RetentionKind(word)
    except ValueError:
        raise NotFound("There is no such kind of record.", "unknown_kind") from None
