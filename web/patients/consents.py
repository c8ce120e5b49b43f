"""A patient's consents: what is allowed now, who takes part, and everything that was said."""

from typing import Any
from uuid import UUID

from flask import Response, make_response, render_template, request
from werkzeug.wrappers import Response as Redirect

from shared.domain.consent import METHODS, ConsentEvent, ConsentScope
from shared.domain.errors import InvalidInput
from shared.services import patients
from shared.services.access.caller import Scope
from shared.services.consents import history, part2
from shared.services.consents.history import Statement
from web import form_values
from web.access import caller, resources, signed_in
from web.pages import Pages
from web.translation import gettext, mark

blueprint = Pages("consent_pages", __name__)

LONGEST_NAME, LONGEST_TEXT = 200, 20_000
SCOPE_WORDS = {
    ConsentScope.RECORDING: mark("Recording and transcript"),
    ConsentScope.AI_NOTES: mark("Notes drafted by a program"),
    ConsentScope.SENDING_AWAY: mark("Sending to computers of others"),
    ConsentScope.PART2: mark("Disclosing substance use records (42 CFR Part 2)"),
}


@blueprint.get("/patients/<id:patient_id>/consents")
@signed_in(Scope.PATIENTS_READ)
def page(patient_id: UUID) -> str:
    """What is allowed now, and the history."""
    return render_template("patients/consents.html", **_shown(patient_id), problem=None)


@blueprint.post("/patients/<id:patient_id>/consents")
@signed_in(Scope.PATIENTS_WRITE)
def say(patient_id: UUID) -> Response | Redirect:
    """Add that consent was given or withdrawn."""
    try:
        history.say(resources(), caller(), patient_id, _statement())
    except InvalidInput as error:
        page = render_template("patients/consents.html", **_shown(patient_id), problem=error.detail)
        return make_response(page, 422)
    return form_values.see(f"/patients/{patient_id}/consents")


@blueprint.post("/patients/<id:patient_id>/participants")
@signed_in(Scope.PATIENTS_WRITE)
def add_participant(patient_id: UUID) -> Redirect:
    """Add a person who takes part."""
    name = form_values.text("name", gettext("The name"), LONGEST_NAME)
    history.add_participant(resources(), caller(), patient_id, name)
    return form_values.see(f"/patients/{patient_id}/consents")


@blueprint.post("/patients/<id:patient_id>/participants/<id:participant_id>/leave")
@signed_in(Scope.PATIENTS_WRITE)
def remove_participant(patient_id: UUID, participant_id: UUID) -> Redirect:
    """Record that a person no longer takes part."""
    history.remove_participant(resources(), caller(), patient_id, participant_id)
    return form_values.see(f"/patients/{patient_id}/consents")


@blueprint.post("/patients/<id:patient_id>/part2")
@signed_in(Scope.PATIENTS_WRITE)
def flag_part2(patient_id: UUID) -> Redirect:
    """Say whether 42 CFR Part 2 protects the records."""
    part2.flag_patient(resources(), caller(), patient_id, request.form.get("flagged") == "yes")
    return form_values.see(f"/patients/{patient_id}/consents")


def _statement() -> Statement:
    chosen = tuple(scope for scope in ConsentScope if scope.value in request.form.getlist("scope"))
    if not chosen:
        raise InvalidInput(gettext("Choose at least one thing that the consent is about."))
    who = form_values.identifier("who", gettext("Who")) if request.form.get("who") else None
    on = form_values.day("on", gettext("The day"))
    if request.form.get("do") == "withdraw":
        return Statement(ConsentEvent.WITHDRAWN, chosen, on, participant_id=who)
    if request.form.get("method") not in METHODS:
        raise InvalidInput(gettext("Choose how the consent was given."))
    until = form_values.day("until", gettext("Until")) if request.form.get("until") else None
    words = form_values.optional_text("text", gettext("The words"), LONGEST_TEXT, lines=True)
    return Statement(ConsentEvent.GIVEN, chosen, on, request.form["method"], until, words, participant_id=who)


def _shown(patient_id: UUID) -> dict[str, Any]:
    return {
        "patient": patients.get(resources(), caller(), patient_id),
        "consents": history.read(resources(), caller(), patient_id),
        "methods": METHODS,
        "scope_words": {scope: gettext(words) for scope, words in SCOPE_WORDS.items()},
    }
