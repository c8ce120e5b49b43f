"""The clinician's edit of the notes: a form of texts and lists, saved as a new version."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, make_response, render_template, request
from werkzeug.wrappers import Response as Redirect

from shared.domain.errors import InvalidInput, Outdated
from shared.domain.notes import values
from shared.domain.values import JsonObject
from shared.domain.verification.sentences import split
from shared.schemas.notes import MOODS, TRAJECTORIES
from shared.services.access.caller import Scope
from shared.services.notes import editing, unsaved
from shared.services.notes import reading as notes
from shared.services.notes.reading import Notes
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


@dataclass(frozen=True, slots=True, repr=False)
class Typed:
    """What a form holds that was not saved. ``is_of_these``: it changes the notes as they are now.

    ``etag`` names what is kept of it on the server.
    """

    fields: Mapping[str, str]
    is_of_these: bool
    saved_at: datetime | None = None
    etag: str = unsaved.NOTHING

    def text(self, name: str, present: str) -> str:
        """What was typed in a field, else what it holds now."""
        return self.fields.get(name, present)

    def is_ticked(self, name: str) -> bool:
        """Whether an entry stays; of other notes the places of entries say nothing."""
        return name in self.fields or not self.is_of_these


@blueprint.get(_EDIT)
@signed_in(Scope.NOTES_READ, Scope.NOTES_WRITE)
def form(session_id: UUID) -> str:
    """The current notes, to be changed; with what was typed before and not saved."""
    found = notes.read(resources(), caller(), session_id)
    kept = unsaved.find(resources(), caller(), session_id)
    typed = Typed(kept.fields, kept.tag == found.tag, kept.saved_at, kept.etag) if kept else None
    return _page(session_id, found, None, typed)


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
        kept = unsaved.find(resources(), caller(), session_id)
        etag = kept.etag if kept else unsaved.NOTHING
        typed = Typed(request.form.to_dict(), not isinstance(error, Outdated), etag=etag)
        status = 409 if isinstance(error, Outdated) else 422
        return make_response(_page(session_id, found, error.detail, typed), status)
    unsaved.discard(resources(), caller(), session_id)
    return form_values.see(f"/sessions/{session_id}#notes-heading")


@blueprint.post(f"{_EDIT}/discard")
@signed_in(Scope.NOTES_READ, Scope.NOTES_WRITE)
def discard(session_id: UUID) -> Redirect:
    """Forget what was typed and not saved."""
    unsaved.discard(resources(), caller(), session_id)
    return form_values.see(f"/sessions/{session_id}/edit")


def _page(session_id: UUID, found: Notes, problem: str | None, typed: Typed | None) -> str:
    document, typed = found.document, typed or Typed({}, is_of_these=False)
    notes_now = values.Notes.of(document)
    return render_template(
        _TEMPLATE,
        session_id=session_id,
        tag=found.tag,
        problem=problem,
        saved_at=typed.saved_at,
        kept_tag=typed.etag,
        texts=[(name, title, *_both(typed, name, document[name])) for name, title in TEXTS],
        sections=[
            (place, part["title"], *_both(typed, f"section.{place}", _text_of(part)))
            for place, part in enumerate(document.get("sections", []))
        ],
        lists=[
            (name, title, _entries(typed, name, [entry(parts, item) for item in notes_now.items[name]]),
             typed.text(f"{name}.new", "") if name in WRITABLE else None)
            for name, title, parts in LISTS
        ],
        flags=_entries(typed, "risk_flags", [flag_text(flag) for flag in notes_now.flags]),
        mood=typed.text("session_mood", document["session_mood"]),
        trajectory=typed.text("mood_trajectory", document["mood_trajectory"]),
        moods=MOODS,
        trajectories=TRAJECTORIES,
    )  # fmt: skip


def _both(typed: Typed, name: str, present: str) -> tuple[str, str | None]:
    """What was typed, and what the notes say now where that is something else by now."""
    text = typed.text(name, present)
    is_other = not typed.is_of_these and _one_line(text) != _one_line(present)
    return text, present if is_other else None


def _entries(typed: Typed, name: str, texts: Sequence[str]) -> list[tuple[str, bool]]:
    return [(text, typed.is_ticked(f"{name}.{place}")) for place, text in enumerate(texts)]


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
