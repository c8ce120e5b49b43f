"""Templates of the notes: those that every practice has, and the practice's own."""

import re
from uuid import UUID

from flask import Response, make_response, render_template, request
from werkzeug.wrappers import Response as Redirect

from shared.domain.errors import Conflict, InvalidInput
from shared.domain.notes.templates import SOURCES
from shared.domain.template_forms import Part, Template
from shared.services.access.caller import Scope
from shared.services.notes import templates
from web import form_values
from web.access import caller, resources, signed_in
from web.pages import Pages
from web.translation import gettext

blueprint = Pages("practice_templates", __name__)

MOST_PARTS = 20
BLANK_PARTS = 3
_LIST = "/templates"
_NEW = "/templates/new"
_ONE = "/templates/<id:template_id>"
_NONE = Template("", "")


@blueprint.get(_LIST)
@signed_in(Scope.TEMPLATES_WRITE)
def listing() -> str:
    """All templates, with the one that is used where none is named."""
    return render_template(
        "practice/templates.html",
        templates=templates.listed(resources(), caller()),
        usual=templates.usual(resources(), caller()),
    )


@blueprint.post("/templates/usual")
@signed_in(Scope.TEMPLATES_WRITE)
def choose_usual() -> Redirect:
    """Choose the template for uploads that name none."""
    templates.choose_usual(resources(), caller(), request.form.get("name", ""))
    return form_values.see(_LIST)


@blueprint.get(_NEW)
@signed_in(Scope.TEMPLATES_WRITE)
def new() -> str:
    """Asks for a template."""
    return _form(_NONE, _NEW, None)


@blueprint.post(_NEW)
@signed_in(Scope.TEMPLATES_WRITE)
def create() -> Response | Redirect:
    """Add a template of the practice's own."""
    try:
        templates.create(resources(), caller(), _wanted())
    except (Conflict, InvalidInput) as error:
        return make_response(_form(_typed(), _NEW, error.detail), _status(error))
    return form_values.see(_LIST)


@blueprint.get(_ONE)
@signed_in(Scope.TEMPLATES_WRITE)
def edit(template_id: UUID) -> str:
    """One of the practice's own, to be changed."""
    found = templates.get(resources(), caller(), template_id)
    return _form(found.template, f"{_LIST}/{template_id}", None)


@blueprint.post(_ONE)
@signed_in(Scope.TEMPLATES_WRITE)
def change(template_id: UUID) -> Response | Redirect:
    """Change one of the practice's own; notes that it made stay as they are."""
    try:
        templates.replace(resources(), caller(), template_id, _wanted())
    except (Conflict, InvalidInput) as error:
        return make_response(_form(_typed(), f"{_LIST}/{template_id}", error.detail), _status(error))
    return form_values.see(_LIST)


@blueprint.post("/templates/<id:template_id>/delete")
@signed_in(Scope.TEMPLATES_WRITE)
def delete(template_id: UUID) -> Redirect:
    """Offer one of the practice's own no more."""
    templates.delete(resources(), caller(), template_id)
    return form_values.see(_LIST)


def _form(template: Template, action: str, problem: str | None) -> str:
    blank = [Part("", "")] * min(BLANK_PARTS, MOST_PARTS - len(template.parts))
    return render_template(
        "practice/template.html",
        template=template,
        parts=[*template.parts, *blank],
        action=action,
        sources=SOURCES,
        problem=problem,
    )


def _status(error: Conflict | InvalidInput) -> int:
    return 409 if isinstance(error, Conflict) else 422


def _wanted() -> Template:
    """The template that the form describes; raises InvalidInput."""
    title = form_values.text("title", gettext("The title"), 100)
    parts = [_part(place) for place in range(MOST_PARTS) if request.form.get(f"title.{place}", "").strip()]
    names = [part.name for part in parts]
    if not parts:
        raise InvalidInput(gettext("Give the template at least one part with a title."))
    if len(set(names)) < len(names):
        raise InvalidInput(gettext("Two parts have the same title. Give each one of its own."))
    return Template(_name_of(title), title, tuple(parts))


def _part(place: int) -> Part:
    title = form_values.text(f"title.{place}", gettext("The title of part %(place)s", place=place + 1), 100)
    instruction = form_values.optional_text(
        f"instruction.{place}", gettext("The instruction of %(title)s", title=title), 1000
    )
    chosen = tuple(name for name in request.form.getlist(f"sources.{place}") if name in SOURCES)
    return Part(_name_of(title), title, instruction or "", chosen)


def _typed() -> Template:
    """What was typed, also if it is wrong, for a form that is shown again."""
    form = request.form
    parts = (
        Part(
            "",
            form.get(f"title.{place}", ""),
            form.get(f"instruction.{place}", ""),
            tuple(form.getlist(f"sources.{place}")),
        )
        for place in range(MOST_PARTS)
        if form.get(f"title.{place}")
    )
    return Template("", form.get("title", ""), tuple(parts))


def _name_of(title: str) -> str:
    """How programs name something with this title: its letters and digits, at most 40."""
    name = re.sub(r"[^a-z0-9]+", "-", title.casefold()).strip("-")[:40].strip("-")
    if not re.match(r"[a-z]", name):
        raise InvalidInput(gettext("Begin each title with a letter from A to Z."))
    return name
