"""Webhooks, for administrators: which systems are told, a test, what was sent and what came of it."""

from uuid import UUID

from flask import Response, make_response, render_template, request
from werkzeug.wrappers import Response as Redirect

from shared.domain.errors import Conflict, InvalidInput
from shared.domain.webhooks import SUBSCRIBABLE, USUAL, EventType
from shared.services.access.caller import Scope
from shared.services.webhooks import delivery_log
from shared.services.webhooks import endpoints as webhooks
from web import form_values
from web.access import caller, resources, signed_in
from web.pages import Pages, status_of
from web.translation import gettext

blueprint = Pages("webhook_pages", __name__)

LONGEST_LABEL = 100
MOST_DELIVERIES = 50
EVENTS = tuple(event for event in EventType if event in SUBSCRIBABLE)


@blueprint.get("/webhooks")
@signed_in(Scope.WEBHOOKS)
def listing() -> str:
    """The practice's webhooks, and a form to add one."""
    return _listing()


@blueprint.post("/webhooks")
@signed_in(Scope.WEBHOOKS)
def create() -> Response | str:
    """Add a webhook, and show its signing secret, once."""
    try:
        url = form_values.text("url", gettext("The address"), webhooks.LONGEST_URL)
        label = form_values.optional_text("label", gettext("The name"), LONGEST_LABEL) or ""
        _, secret = webhooks.create(resources(), caller(), url, _events(), label)
    except (InvalidInput, Conflict) as error:
        return make_response(_listing(problem=error.detail), status_of(error))
    return _listing(secret=secret)


@blueprint.get("/webhooks/<id:webhook_id>")
@signed_in(Scope.WEBHOOKS)
def page(webhook_id: UUID) -> str:
    """One webhook with its newest messages."""
    return render_template(
        "practice/webhook.html",
        webhook=webhooks.get(resources(), caller(), webhook_id),
        deliveries=delivery_log.page(resources(), caller(), webhook_id, limit=MOST_DELIVERIES).items,
    )


@blueprint.post("/webhooks/<id:webhook_id>/pause")
@signed_in(Scope.WEBHOOKS)
def pause(webhook_id: UUID) -> Redirect:
    """Send nothing for the time being, or what waits and all that follows."""
    paused = form_values.choice("paused", gettext("Pause"), ("yes", "no")) == "yes"
    webhooks.change(resources(), caller(), webhook_id, {"paused": paused})
    return form_values.see(f"/webhooks/{webhook_id}")


@blueprint.post("/webhooks/<id:webhook_id>/test")
@signed_in(Scope.WEBHOOKS)
def test(webhook_id: UUID) -> Redirect:
    """Send a message that tells nothing."""
    delivery_log.test(resources(), caller(), webhook_id)
    return form_values.see(f"/webhooks/{webhook_id}")


@blueprint.post("/webhooks/<id:webhook_id>/deliveries/<id:delivery_id>/replay")
@signed_in(Scope.WEBHOOKS)
def replay(webhook_id: UUID, delivery_id: UUID) -> Redirect:
    """Send one message again."""
    delivery_log.replay(resources(), caller(), webhook_id, delivery_id)
    return form_values.see(f"/webhooks/{webhook_id}")


@blueprint.post("/webhooks/<id:webhook_id>/remove")
@signed_in(Scope.WEBHOOKS)
def remove(webhook_id: UUID) -> Redirect:
    """Remove a webhook, with what waits for it."""
    webhooks.remove(resources(), caller(), webhook_id)
    return form_values.see("/webhooks")


def _events() -> list[EventType]:
    wanted = request.form.getlist("event")
    chosen = [event for event in EVENTS if event.value in wanted]
    if not chosen:
        raise InvalidInput(gettext("Choose at least one event."))
    return chosen


def _listing(*, problem: str | None = None, secret: str | None = None) -> str:
    again = problem is not None
    return render_template(
        "practice/webhooks.html",
        webhooks=webhooks.listed(resources(), caller()),
        events=EVENTS,
        chosen=request.form.getlist("event") if again else [event.value for event in USUAL],
        given=request.form if again else {},
        problem=problem,
        secret=secret,
    )
