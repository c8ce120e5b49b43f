"""What a patient asked of their record: requests, their answers, and the copy as an encrypted file."""

import re
from typing import Any
from uuid import UUID

from flask import Response, make_response, render_template, request
from werkzeug.wrappers import Response as Redirect

from shared.domain.errors import InvalidInput
from shared.domain.rights import PackageForm, RequestKind, RequestStatus
from shared.services import patients
from shared.services.access.caller import Scope
from shared.services.rights import packages, requests
from shared.services.rights.packages import Lock
from shared.services.sessions import reading as sessions
from web import form_values
from web.access import caller, resources, signed_in
from web.pages import Pages
from web.translation import gettext

blueprint = Pages("rights_pages", __name__)

LONGEST_WORDS = 20_000
MOST_SESSIONS = 100
_PASSWORD = re.compile("[!-~]{20,200}")


@blueprint.get("/patients/<id:patient_id>/requests")
@signed_in(Scope.PATIENTS_READ, Scope.SESSIONS_READ)
def page(patient_id: UUID) -> str:
    """Everything that was asked for, and forms to add and to answer."""
    return render_template("patients/requests.html", **_shown(patient_id), problem=None)


@blueprint.post("/patients/<id:patient_id>/requests")
@signed_in(Scope.PATIENTS_WRITE, Scope.SESSIONS_READ)
def ask(patient_id: UUID) -> Response | Redirect:
    """Note what the patient asks for."""
    try:
        kind = _one_of(RequestKind, "kind", gettext("Choose what is asked for."))
        words = form_values.text("words", gettext("The words"), LONGEST_WORDS, lines=True)
        session_id = (
            form_values.identifier("session", gettext("The session")) if request.form.get("session") else None
        )
        received = form_values.day("received", gettext("The day")) if request.form.get("received") else None
        requests.create(
            resources(), caller(), patient_id, kind, words, received_at=received, session_id=session_id
        )
    except InvalidInput as error:
        return _again(patient_id, error)
    return form_values.see(f"/patients/{patient_id}/requests")


@blueprint.post("/patients/<id:patient_id>/requests/<id:request_id>")
@signed_in(Scope.PATIENTS_WRITE, Scope.SESSIONS_READ)
def decide(patient_id: UUID, request_id: UUID) -> Response | Redirect:
    """Answer a request."""
    try:
        status = _one_of(RequestStatus, "status", gettext("Choose what becomes of the request."))
        answer = form_values.optional_text("answer", gettext("The answer"), LONGEST_WORDS, lines=True)
        requests.decide(resources(), caller(), patient_id, request_id, status, answer)
    except InvalidInput as error:
        return _again(patient_id, error)
    return form_values.see(f"/patients/{patient_id}/requests")


@blueprint.post("/patients/<id:patient_id>/packages")
@signed_in(Scope.PATIENTS_WRITE, Scope.NOTES_READ, Scope.SESSIONS_READ, fresh=True)
def have_prepared(patient_id: UUID) -> Response | Redirect:
    """Have the copy of the record prepared."""
    try:
        packages.request(resources(), caller(), patient_id, _lock(), _request_id())
    except InvalidInput as error:
        return _again(patient_id, error)
    return form_values.see(f"/patients/{patient_id}/requests#h-copy")


@blueprint.post("/patients/<id:patient_id>/packages/<id:package_id>")
@signed_in(Scope.PATIENTS_WRITE)
def take_back(patient_id: UUID, package_id: UUID) -> Redirect:
    """Take a copy back; what is stored of it is removed."""
    packages.withdraw(resources(), caller(), patient_id, package_id)
    return form_values.see(f"/patients/{patient_id}/requests#h-copy")


def _lock() -> Lock:
    """How it is to be encrypted: a public key of age, else a password."""
    word = form_values.text("lock", gettext("The password"), 400)
    if word.startswith("age1"):
        return Lock(PackageForm.AGE, word)
    if not _PASSWORD.fullmatch(word):
        raise InvalidInput(
            gettext("The password needs 20 or more letters, digits and signs, without blanks.")
        )
    return Lock(PackageForm.ZIP, word)


def _request_id() -> UUID | None:
    return form_values.identifier("request", gettext("The request")) if request.form.get("request") else None


def _again(patient_id: UUID, error: InvalidInput) -> Response:
    page = render_template("patients/requests.html", **_shown(patient_id), problem=error.detail)
    return make_response(page, 422)


def _one_of(kind: Any, name: str, sentence: str) -> Any:
    try:
        return kind(request.form.get(name, ""))
    except ValueError:
        raise InvalidInput(sentence) from None


def _shown(patient_id: UUID) -> dict[str, Any]:
    listed = sessions.page(resources(), caller(), sessions.Wanted(patient_id), limit=MOST_SESSIONS)
    return {
        "patient": patients.get(resources(), caller(), patient_id),
        "requests": requests.listed(resources(), caller(), patient_id),
        "sessions": listed.items,
        "packages": packages.listed(resources(), caller(), patient_id),
    }
