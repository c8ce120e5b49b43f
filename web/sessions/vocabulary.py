"""The words that a therapist's recordings are to expect, and one click for each that is offered."""

from flask import Response, make_response, render_template, request
from werkzeug.wrappers import Response as Redirect

from shared.domain.errors import Conflict, InvalidInput, NotFound
from shared.services.access.caller import Scope
from shared.services.engines.practice_engines import LONGEST_WORD, MOST_WORDS
from shared.services.transcripts import vocabulary
from web import form_values
from web.access import caller, resources, signed_in
from web.pages import Pages, status_of
from web.translation import gettext

blueprint = Pages("vocabulary_pages", __name__)


@blueprint.get("/vocabulary")
@signed_in(Scope.SESSIONS_READ, Scope.SESSIONS_WRITE)
def page() -> str:
    """The caller's words, the practice's, and what is offered."""
    return _page(None)


@blueprint.post("/vocabulary")
@signed_in(Scope.SESSIONS_READ, Scope.SESSIONS_WRITE)
def change() -> Response | Redirect:
    """Keep the words of the form in the place of those there are."""
    try:
        words = form_values.texts("words", gettext("The words"), LONGEST_WORD, most=MOST_WORDS)
    except InvalidInput as error:
        return make_response(_page(error.detail), status_of(error))
    vocabulary.change(resources(), caller(), words)
    return form_values.see("/vocabulary")


@blueprint.post("/vocabulary/answers")
@signed_in(Scope.SESSIONS_READ, Scope.SESSIONS_WRITE)
def answer() -> Response | Redirect:
    """Accept or dismiss an offered word, and go back to where it was offered."""
    try:
        do = form_values.choice("do", gettext("The answer"), ("accept", "dismiss"))
        act = vocabulary.accept if do == "accept" else vocabulary.dismiss
        act(resources(), caller(), request.form.get("offer", ""))
    except NotFound:
        pass  # answered before, in another tab
    except (Conflict, InvalidInput) as error:
        return make_response(_page(error.detail), status_of(error))
    return form_values.back("/vocabulary")


def _page(problem: str | None) -> str:
    found = vocabulary.get(resources(), caller())
    return render_template("sessions/vocabulary.html", vocabulary=found, problem=problem)
