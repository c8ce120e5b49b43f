"""The clinician's edit of the notes: a form of texts and lists, saved as a new version."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from flask import Response, make_response, render_template, request
from werkzeug.wrappers import Response as Redirect

from shared.domain.errors import InvalidInput, Outdated
from shared.domain.values import JsonObject
from shared.domain.verification.sentences import split
from shared.schemas.notes import MOODS, TRAJECTORIES
from shared.services.access.caller import Scope
from shared.services.notes import editing
from shared.services.notes import reading as notes
from web import form_values
from web.access import caller, resources, signed_in
from web.pages import Pages
from web.sessions.notes_view import LISTS, TEXTS, entry, flag_text

blueprint = Pages("editing", __name__)

_EDIT = "/sessions/<id:session_id>/edit"
_TEMPLATE = "sessions/edit.html"
LONGEST_TEXT = 20_000
# Lists whose entries are bare texts: new ones are written one a line. Others only lose entries.
WRITABLE = ("key_topics", "emotional_themes", "follow_up_topics", "unresolved_concerns")


@blueprint.get(_EDIT)
@signed_in(Scope.NOTES_READ, Scope.NOTES_WRITE)
def form(session_id: UUID) -> str:
    """The current notes, to be changed."""
    found = notes.read(resources(), caller(), session_id)
    return _page(session_id, found.document, found.tag, None)


@blueprint.post(_EDIT)
@signed_in(Scope.NOTES_READ, Scope.NOTES_WRITE)
def save(session_id: UUID) -> Response | Redirect:
    """Save the changes as a new version, unless the notes have changed meanwhile."""
    found = notes.read(resources(), caller(), session_id)
    try:
        wanted = dict(_changes(found.document))
        if wanted:
            editing.edit(resources(), caller(), session_id, wanted, request.form.get("tag") or None)
    except (Outdated, InvalidInput) as error:
        mine = {**found.document, **_typed(found.document)}
        status = 409 if isinstance(error, Outdated) else 422
        return make_response(_page(session_id, mine, found.tag, error.detail, found.document), status)
    return form_values.see(f"/sessions/{session_id}#notes-heading")


def _page(
    session_id: UUID, document: JsonObject, tag: str, problem: str | None, present: JsonObject | None = None
) -> str:
    """``present``: the notes as they are, where ``document`` is what was typed of older ones."""
    return render_template(
        _TEMPLATE,
        session_id=session_id,
        tag=tag,
        problem=problem,
        texts=[(name, title, document[name], _differing(present, name, document)) for name, title in TEXTS],
        sections=[
            (place, part["title"], _text_of(part)) for place, part in enumerate(document.get("sections", []))
        ],
        lists=[
            (name, title, [entry(parts, item) for item in document[name]], name in WRITABLE)
            for name, title, parts in LISTS
        ],
        flags=[flag_text(flag) for flag in document["risk_flags"]],
        mood=document["session_mood"],
        trajectory=document["mood_trajectory"],
        moods=MOODS,
        trajectories=TRAJECTORIES,
    )


def _differing(present: JsonObject | None, name: str, typed: JsonObject) -> str | None:
    return present[name] if present is not None and present[name] != typed[name] else None


def _typed(document: JsonObject) -> JsonObject:
    """The texts as they were typed, for a form that is shown again."""
    return {name: request.form.get(name, document[name]) for name, _ in TEXTS}


def _changes(document: JsonObject) -> Iterator[tuple[str, Any]]:
    """The fields that the form changes of ``document``."""
    for name, title in TEXTS:
        given = form_values.optional_text(name, title, LONGEST_TEXT, lines=True) or ""
        if _one_line(given) != _one_line(document[name]):
            yield name, _one_line(given)
    for name, choices in (("session_mood", MOODS), ("mood_trajectory", TRAJECTORIES)):
        given = request.form.get(name, document[name])
        if given in choices and given != document[name]:
            yield name, given
    for name in [name for name, _, _ in LISTS] + ["risk_flags"]:
        kept = [item for place, item in enumerate(document[name]) if f"{name}.{place}" in request.form]
        added = list(_added(name)) if name in WRITABLE else []
        if added or len(kept) < len(document[name]):
            yield name, [*kept, *added]
    sections = [_section(place, part) for place, part in enumerate(document.get("sections", []))]
    if sections != document.get("sections", []):
        yield "sections", sections


def _added(name: str) -> Iterator[JsonObject]:
    text = form_values.optional_text(f"{name}.new", "The new entries", 4000, lines=True) or ""
    for line in text.splitlines():
        if line.strip():
            yield {"text": line.strip()[:1000], "evidence": []}


def _section(place: int, part: JsonObject) -> JsonObject:
    """A part of the template as it was typed: sentences that are there already keep their evidence."""
    given = request.form.get(f"section.{place}")
    if given is None or _one_line(given) == _text_of(part):
        return part
    text = form_values.optional_text(f"section.{place}", part["title"], LONGEST_TEXT, lines=True) or ""
    return {**part, "sentences": list(_sentences(_one_line(text), part["sentences"]))}


def _sentences(text: str, known: list[JsonObject]) -> Iterator[JsonObject]:
    by_length = sorted(known, key=lambda sentence: -len(sentence["sentence"]))
    while text:
        same = next((s for s in by_length if s["sentence"] and text.startswith(s["sentence"])), None)
        sentence = same["sentence"] if same else next(iter(split(text)), text)
        yield same or {"sentence": sentence, "structural": False, "evidence": [], "verified": False}
        text = text[len(sentence) :].strip()


def _text_of(part: JsonObject) -> str:
    return " ".join(sentence["sentence"] for sentence in part["sentences"])


def _one_line(text: str) -> str:
    return " ".join(text.split())
