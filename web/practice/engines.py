"""The engines of a practice, for administrators: which transcribes, with which words, and what may leave."""

from flask import Response, make_response, render_template, request
from werkzeug.wrappers import Response as Redirect

from shared.domain.errors import Conflict, InvalidInput
from shared.services.access.caller import Scope
from shared.services.engines import practice_engines
from web import form_values
from web.access import caller, resources, signed_in
from web.pages import Pages, status_of
from web.translation import gettext

blueprint = Pages("engine_pages", __name__)


@blueprint.get("/engines")
@signed_in(Scope.ENGINES)
def page() -> str:
    """What the practice chose, beside what the server offers."""
    return render_template("practice/engines.html", **_shown(), problem=None)


@blueprint.post("/engines")
@signed_in(Scope.ENGINES)
def choose() -> Response | Redirect:
    """Choose the transcriber and the words that it is to expect."""
    try:
        words = form_values.texts(
            "vocabulary",
            gettext("The words"),
            practice_engines.LONGEST_WORD,
            most=practice_engines.MOST_WORDS,
        )
        changes = {"transcriber": request.form.get("transcriber") or None, "vocabulary": words}
        practice_engines.change(resources(), caller(), changes)
    except (InvalidInput, Conflict) as error:
        return _again(error)
    return form_values.see("/engines")


@blueprint.post("/engines/away")
@signed_in(Scope.ENGINES)
def allow() -> Response | Redirect:
    """Allow or forbid that recordings and what was said go to computers of others."""
    try:
        allowed = form_values.choice("allowed", gettext("Sending away"), ("yes", "no")) == "yes"
        practice_engines.change(resources(), caller(), {"away_allowed": allowed})
    except (InvalidInput, Conflict) as error:
        return _again(error)
    return form_values.see("/engines")


def _again(error: InvalidInput | Conflict) -> Response:
    page = render_template("practice/engines.html", **_shown(), problem=error.detail)
    return make_response(page, status_of(error))


def _shown() -> dict[str, object]:
    return {"engines": practice_engines.get(resources(), caller())}
