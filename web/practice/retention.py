"""Rules of retention, for administrators: how long what is kept, and what would go."""

from collections.abc import Mapping
from typing import TypeVar

from flask import Response, make_response, render_template, request
from werkzeug.wrappers import Response as Redirect

from shared.domain.errors import InvalidInput, NotFound
from shared.domain.retention import MOST_DAYS, MOST_GRACE_DAYS, RetentionEvent, RetentionKind
from shared.services.access.caller import Scope
from shared.services.retention import rules, sweep
from web import form_values
from web.access import caller, resources, signed_in
from web.pages import Pages
from web.translation import gettext, mark

blueprint = Pages("retention_pages", __name__)

Named = TypeVar("Named", RetentionKind, RetentionEvent)
KIND_WORDS = {
    RetentionKind.RECORDING: mark("Recordings"),
    RetentionKind.TRANSCRIPT: mark("Transcripts"),
    RetentionKind.DRAFTS: mark("Notes that are not signed"),
    RetentionKind.PROCESS_NOTES: mark("Psychotherapy notes"),
    RetentionKind.SESSION: mark("Whole sessions, with signed notes"),
    RetentionKind.TRAIL: mark("Lines of the audit trail"),
    RetentionKind.SIGNED_MINIMUM: mark("Least time for sessions with signed notes"),
}
EVENT_WORDS = {
    RetentionEvent.SESSION: mark("the session"),
    RetentionEvent.LAST_SESSION: mark("the patient's last session"),
    RetentionEvent.MAJORITY: mark("the patient's last session, or coming of age if later"),
    RetentionEvent.SIGNED: mark("the author's signature"),
    RetentionEvent.WRITTEN: mark("a line of the trail was written"),
}
LOOK_AHEAD_DAYS, MOST_AHEAD_DAYS = 30, 366


@blueprint.get("/retention")
@signed_in(Scope.RETENTION)
def page() -> str:
    """The practice's rules, and a form to set one."""
    return render_template("practice/retention.html", **_shown(), given={}, problem=None)


@blueprint.post("/retention")
@signed_in(Scope.RETENTION, fresh=True)
def set_rule() -> Response | Redirect:
    """Set the rule for a kind of record."""
    try:
        rules.set_rule(
            resources(),
            caller(),
            RetentionKind(form_values.choice("kind", gettext("What"), tuple(RetentionKind))),
            RetentionEvent(form_values.choice("event", gettext("After"), tuple(RetentionEvent))),
            form_values.number("days", gettext("The days"), most=MOST_DAYS),
            form_values.number("grace_days", gettext("The days of grace"), most=MOST_GRACE_DAYS),
        )
    except InvalidInput as error:
        shown = {**_shown(), "given": request.form, "problem": error.detail}
        return make_response(render_template("practice/retention.html", **shown), 422)
    return form_values.see("/retention")


@blueprint.post("/retention/<kind>/remove")
@signed_in(Scope.RETENTION, fresh=True)
def remove_rule(kind: str) -> Redirect:
    """Keep a kind of record without limit from now on."""
    if kind not in set(RetentionKind):
        raise NotFound(gettext("There is no such kind of record."), "unknown_kind")
    rules.remove_rule(resources(), caller(), RetentionKind(kind))
    return form_values.see("/retention")


@blueprint.get("/retention/preview")
@signed_in(Scope.RETENTION)
def preview() -> str:
    """What the rules let go within some days, why, and what keeps some of it."""
    days = request.args.get("days", LOOK_AHEAD_DAYS, type=int)
    days = min(max(days, 0), MOST_AHEAD_DAYS)
    known = {rule.kind: rule for rule in rules.listed(resources(), caller())}
    return render_template(
        "practice/retention_preview.html",
        preview=sweep.preview(resources(), caller(), days=days),
        days=days,
        most_days=MOST_AHEAD_DAYS,
        rules=known,
        kinds=_named(KIND_WORDS),
        events=_named(EVENT_WORDS),
    )


def _named(words: Mapping[Named, str]) -> dict[Named, str]:
    """The words in the reader's language."""
    return {one: gettext(text) for one, text in words.items()}


def _shown() -> dict[str, object]:
    return {
        "rules": rules.listed(resources(), caller()),
        "kinds": _named(KIND_WORDS),
        "events": _named(EVENT_WORDS),
        "days_ahead": LOOK_AHEAD_DAYS,
        "most_days": MOST_DAYS,
        "most_grace_days": MOST_GRACE_DAYS,
    }
