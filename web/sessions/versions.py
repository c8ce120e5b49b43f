"""The versions of a session's notes, and what one has that another has not."""

from difflib import SequenceMatcher
from uuid import UUID

from flask import render_template, request

from shared.domain.notes.items import Claim, Item, Sentence
from shared.domain.values import JsonObject
from shared.services.access.caller import Scope
from shared.services.notes import reading as notes
from web.access import caller, resources, signed_in
from web.pages import Pages
from web.sessions.notes_view import view_of

blueprint = Pages("versions", __name__)

_WORDS_OF = ("text", "task", "trigger", "name", "quote")


@blueprint.get("/sessions/<id:session_id>/versions")
@signed_in(Scope.NOTES_READ)
def listing(session_id: UUID) -> str:
    """Every version, the newest first."""
    found = notes.listed(resources(), caller(), session_id)
    return render_template("sessions/versions.html", session_id=session_id, versions=found[::-1])


@blueprint.get("/sessions/<id:session_id>/versions/<int:notes_version>")
@signed_in(Scope.NOTES_READ)
def page(session_id: UUID, notes_version: int) -> str:
    """One version as it was."""
    found = notes.read(resources(), caller(), session_id, notes_version)
    is_addendum = "text" in found.document
    return render_template(
        "sessions/version.html",
        session_id=session_id,
        notes=found,
        blocks=() if is_addendum else view_of(found.document, ()).blocks,
    )


@blueprint.get("/sessions/<id:session_id>/versions/<int:notes_version>/changes")
@signed_in(Scope.NOTES_READ)
def changes(session_id: UUID, notes_version: int) -> str:
    """What a version has that the one before it, or ``from``, has not."""
    before = request.args.get("from", type=int)
    found = notes.difference(resources(), caller(), session_id, notes_version, before)
    shown = [(change, _pieces(_words(change.before), _words(change.after))) for change in found.changes]
    return render_template(
        "sessions/changes.html", session_id=session_id, before=found.before, after=found.after, changes=shown
    )


def _words(value: Claim | str | None) -> list[str]:
    if isinstance(value, Sentence):
        value = value.text
    elif isinstance(value, Item):
        value = next((value.text(name) for name in _WORDS_OF if value.has(name)), value.text("type"))
    return str(value or "").split()


def _pieces(before: list[str], after: list[str]) -> list[JsonObject]:
    """Runs of words that stayed, went or came."""
    pieces = []
    for kind, first, last, begin, until in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            pieces.append({"kind": "same", "text": " ".join(before[first:last])})
            continue
        if first < last:
            pieces.append({"kind": "del", "text": " ".join(before[first:last])})
        if begin < until:
            pieces.append({"kind": "ins", "text": " ".join(after[begin:until])})
    return pieces
