"""The clinician's edit of the notes: a form of texts and lists, saved as a new version."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, make_response, render_template, request
from werkzeug.wrappers import Response as Redirect

from shared.domain.errors import InvalidInput, Outdated
from shared.domain.notes import values
from shared.domain.notes.items import Item, Sentence
from shared.domain.notes.values import Section
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
from web.translation import gettext

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
    """Save the changes as a new version, unless the notes have changed meanwhile.

    What another window has kept meanwhile stays, to be seen at the next edit.
    """
    found = notes.read(resources(), caller(), session_id)
    try:
        wanted = dict(_changes(values.Notes.of(found.document)))
        if wanted:
            editing.edit(resources(), caller(), session_id, wanted, request.form.get("tag") or None)
    except (Outdated, InvalidInput) as error:
        known = request.form.get("kept", unsaved.NOTHING)  # not what another window has kept since
        typed = Typed(request.form.to_dict(), not isinstance(error, Outdated), etag=known)
        status = 409 if isinstance(error, Outdated) else 422
        return make_response(_page(session_id, found, error.detail, typed), status)
    unsaved.discard(resources(), caller(), session_id, before=request.form.get("kept"))
    return form_values.see(f"/sessions/{session_id}#notes-heading")


@blueprint.post(f"{_EDIT}/discard")
@signed_in(Scope.NOTES_READ, Scope.NOTES_WRITE)
def discard(session_id: UUID) -> Redirect:
    """Forget what was typed and not saved."""
    unsaved.discard(resources(), caller(), session_id)
    return form_values.see(f"/sessions/{session_id}/edit")


def _page(session_id: UUID, found: Notes, problem: str | None, typed: Typed | None) -> str:
    now, typed = values.Notes.of(found.document), typed or Typed({}, is_of_these=False)
    return render_template(
        _TEMPLATE,
        session_id=session_id,
        tag=found.tag,
        problem=problem,
        saved_at=typed.saved_at,
        kept_tag=typed.etag,
        texts=[(name, gettext(title), *_both(typed, name, now.texts[name])) for name, title in TEXTS],
        sections=[
            (place, part.title, *_both(typed, f"section.{place}", _text_of(part)))
            for place, part in enumerate(now.sections or ())
        ],
        lists=[
            (name, gettext(title), _entries(typed, name, [entry(parts, item) for item in now.items[name]]),
             typed.text(f"{name}.new", "") if name in WRITABLE else None)
            for name, title, parts in LISTS
        ],
        flags=_entries(typed, "risk_flags", [flag_text(flag) for flag in now.flags]),
        mood=typed.text("session_mood", now.texts["session_mood"]),
        trajectory=typed.text("mood_trajectory", now.texts["mood_trajectory"]),
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


def _changes(now: values.Notes) -> Iterator[tuple[str, Any]]:
    """The fields that the form changes of the notes, as the API takes an edit."""
    yield from _texts(now)
    for name in [name for name, _, _ in LISTS] + ["risk_flags"]:
        items = _items(name, now.items[name])
        if items != now.items[name]:
            yield name, [item.document for item in items]
    before = now.sections or ()
    sections = tuple(_section(place, part) for place, part in enumerate(before))
    if sections != before:
        yield "sections", [part.document for part in sections]


def _items(name: str, before: Sequence[Item]) -> tuple[Item, ...]:
    """The items that stay ticked, and those that were typed."""
    kept = (item for place, item in enumerate(before) if f"{name}.{place}" in request.form)
    return (*kept, *(_added(name) if name in WRITABLE else ()))


def _texts(now: values.Notes) -> Iterator[tuple[str, str]]:
    for name, title in TEXTS:
        given = _one_line(form_values.optional_text(name, gettext(title), LONGEST_TEXT, lines=True) or "")
        if given != _one_line(now.texts[name]):
            yield name, given
    for name, choices in (("session_mood", MOODS), ("mood_trajectory", TRAJECTORIES)):
        given = request.form.get(name, now.texts[name])
        if given in choices and given != now.texts[name]:
            yield name, given


def _added(name: str) -> Iterator[Item]:
    text = form_values.optional_text(f"{name}.new", gettext("The new entries"), 4000, lines=True) or ""
    for line in text.splitlines():
        if line.strip():
            yield Item(properties={"text": line.strip()[:1000]})


def _section(place: int, part: Section) -> Section:
    """A part of the template as it was typed: sentences that are there already keep their evidence."""
    given = request.form.get(f"section.{place}")
    if given is None or _one_line(given) == _text_of(part):
        return part
    text = form_values.optional_text(f"section.{place}", part.title, LONGEST_TEXT, lines=True) or ""
    return replace(part, sentences=tuple(_sentences(_one_line(text), part.sentences)))


def _sentences(text: str, known: Sequence[Sentence]) -> Iterator[Sentence]:
    by_length = sorted((one for one in known if one.text), key=lambda one: -len(one.text))
    while text:
        same = next((one for one in by_length if text.startswith(one.text)), None)
        sentence = same or Sentence(text=next(iter(split(text)), text))
        yield sentence
        text = text[len(sentence.text) :].strip()


def _text_of(part: Section) -> str:
    return " ".join(sentence.text for sentence in part.sentences)


def _one_line(text: str) -> str:
    return " ".join(text.split())
