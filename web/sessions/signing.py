"""Signing: the page that shows exactly what is signed, co-signatures, and addenda."""

from typing import Any
from uuid import UUID

from flask import Response, make_response, render_template, request
from werkzeug.wrappers import Response as Redirect

from shared.domain.errors import Conflict
from shared.services.access import supervision
from shared.services.access.caller import Scope
from shared.services.alerts import risk_alerts
from shared.services.notes import reading as notes
from shared.services.notes import signing
from web import form_values
from web.access import caller, resources, signed_in
from web.pages import Pages
from web.sessions.notes_view import CHANGED, UNSUPPORTED, unsupported, view_of
from web.translation import gettext

blueprint = Pages("signing", __name__)

_SIGN = "/sessions/<id:session_id>/sign"


@blueprint.get(_SIGN)
@signed_in(Scope.NOTES_SIGN, Scope.NOTES_READ, fresh=True)
def form(session_id: UUID) -> str:
    """Shows what would be signed, and what is in the way."""
    return render_template("sessions/sign.html", **_shown(session_id), problem=None)


@blueprint.post(_SIGN)
@signed_in(Scope.NOTES_SIGN, Scope.NOTES_READ)
def sign(session_id: UUID) -> Response | Redirect:
    """Sign what the page showed; if it has changed since, it is shown again."""
    try:
        signing.sign(
            resources(), caller(), session_id, version=form_values.number("version", gettext("The version"))
        )
    except Conflict as error:
        page = render_template("sessions/sign.html", **_shown(session_id), problem=error.detail)
        return make_response(page, 409)
    if request.form.get("open") == "yes":
        supervision.grant(resources(), caller(), session_id)
    return form_values.see(f"/sessions/{session_id}#notes-heading")


def _shown(session_id: UUID) -> dict[str, Any]:
    """What is signed, with the marks of what was corrected since beside it."""
    stored = signing.as_signed(resources(), caller(), session_id)
    now = notes.read(resources(), caller(), session_id)
    alerts = risk_alerts.page(resources(), caller(), limit=100, session_id=session_id).items
    doubtful = [
        item
        for block in view_of(now.document, ()).blocks
        for item in block.items
        if item.label in (CHANGED, UNSUPPORTED)
    ]
    return {
        "session_id": session_id,
        "notes": stored,
        "notices": now.notices,
        "blocks": view_of(stored.document, ()).blocks,
        "left_out": unsupported(stored.document),
        "doubtful": doubtful,
        "alerts": alerts,
        "supervision": supervision.standing(resources(), caller(), session_id),
    }


@blueprint.get("/cosign")
@signed_in(Scope.NOTES_SIGN)
def waiting() -> str:
    """The sessions whose notes wait for the caller's co-signature."""
    return render_template("sessions/cosign_list.html", waiting=signing.awaiting(resources(), caller()))


@blueprint.get("/sessions/<id:session_id>/cosign")
@signed_in(Scope.NOTES_SIGN, Scope.NOTES_READ, fresh=True)
def to_cosign(session_id: UUID) -> str:
    """Shows a supervisor what their therapist has signed."""
    found = notes.read(resources(), caller(), session_id)
    return render_template(
        "sessions/cosign.html",
        session_id=session_id,
        notes=found,
        blocks=view_of(found.document, ()).blocks,
        is_open=any(one.session_id == session_id for one in supervision.listed(resources(), caller()).open),
    )


@blueprint.post("/sessions/<id:session_id>/cosign")
@signed_in(Scope.NOTES_SIGN)
def cosign(session_id: UUID) -> Redirect:
    """Co-sign what waits."""
    signing.cosign(resources(), caller(), session_id)
    return form_values.see("/cosign")


@blueprint.get("/sessions/<id:session_id>/addendum")
@signed_in(Scope.NOTES_SIGN, Scope.NOTES_READ, fresh=True)
def addendum_form(session_id: UUID) -> str:
    """Asks for an addition to signed notes."""
    notes.read(resources(), caller(), session_id)  # no form for notes that the caller may not read
    return render_template("sessions/addendum.html", session_id=session_id)


@blueprint.post("/sessions/<id:session_id>/addendum")
@signed_in(Scope.NOTES_SIGN)
def add_addendum(session_id: UUID) -> Redirect:
    """Add to signed notes; the addendum is signed with this."""
    signing.add_addendum(
        resources(),
        caller(),
        session_id,
        form_values.text("text", gettext("The addendum"), 20_000, lines=True),
    )
    return form_values.see(f"/sessions/{session_id}#notes-heading")
