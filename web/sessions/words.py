"""What a therapist says of the words: corrections, speakers, and what goes off the record."""

from uuid import UUID

from flask import Response, make_response, render_template, request
from werkzeug.wrappers import Response as Redirect

from shared.domain.errors import Conflict, InvalidInput, NotFound
from shared.domain.transcripts.off_record import Ranges, parsed
from shared.domain.transcripts.roles import Role
from shared.domain.transcripts.speakers import Person
from shared.domain.values import JsonObject
from shared.services.access.caller import Scope
from shared.services.sessions import reading as sessions
from shared.services.transcripts import corrections, off_record, speakers
from shared.services.transcripts.corrections import Change
from web import form_values
from web.access import caller, resources, signed_in
from web.pages import Pages
from web.translation import gettext

blueprint = Pages("words", __name__)

LONGEST_SEGMENT = 20_000
_WORDS = "/sessions/<id:session_id>/words/<int:number>"
_SPEAKERS = "/sessions/<id:session_id>/speakers"
_OFF_RECORD = "/sessions/<id:session_id>/off-the-record"


@blueprint.get(_WORDS)
@signed_in(Scope.SESSIONS_READ, Scope.SESSIONS_WRITE)
def form(session_id: UUID, number: int) -> str:
    """One segment, to be corrected."""
    return _page(session_id, number, None)


@blueprint.post(_WORDS)
@signed_in(Scope.SESSIONS_READ, Scope.SESSIONS_WRITE)
def correct(session_id: UUID, number: int) -> Response | Redirect:
    """Correct one segment, or take its correction back."""
    was, speaker = request.form.get("was", ""), request.form.get("speaker") or None
    try:
        if request.form.get("do") == "undo":
            change = Change(number, was, None)
        else:
            text = form_values.text("text", gettext("What was said"), LONGEST_SEGMENT)
            change = Change(number, was, text, speaker)
        corrections.correct(resources(), caller(), session_id, [change])
    except (Conflict, InvalidInput) as error:
        typed = request.form.get("text")
        page = _page(session_id, number, error.detail, typed)
        return make_response(page, 409 if isinstance(error, Conflict) else 422)
    return form_values.see(f"/sessions/{session_id}#s{number}")


def _page(session_id: UUID, number: int, problem: str | None, typed: str | None = None) -> str:
    document = sessions.transcript(resources(), caller(), session_id)
    if number >= len(document["segments"]):
        raise NotFound(gettext("There is no such segment."), "no_such_segment")
    segment = document["segments"][number]
    return render_template(
        "sessions/words.html",
        session_id=session_id,
        number=number,
        segment=segment,
        typed=segment["text"] if typed is None else typed,
        speakers=document["speakers"],
        problem=problem,
    )


@blueprint.get(_SPEAKERS)
@signed_in(Scope.SESSIONS_READ, Scope.SESSIONS_WRITE)
def speakers_form(session_id: UUID) -> str:
    """Who the voices are, with a sample of each."""
    document = sessions.transcript(resources(), caller(), session_id)
    people = speakers.get(resources(), caller(), session_id).people
    samples = {person["label"]: _sample(document, person["shown_as"]) for person in people}
    return render_template(
        "sessions/speakers.html",
        session_id=session_id,
        people=people,
        samples=samples,
        roles=[role.value for role in Role],
    )


def _sample(document: JsonObject, shown_as: str) -> JsonObject | None:
    """The longest that one of the speakers says in a row."""
    own = [segment for segment in document["segments"] if segment["speaker"] == shown_as]
    return max(own, key=lambda segment: segment["end"] - segment["start"], default=None)


@blueprint.post(_SPEAKERS)
@signed_in(Scope.SESSIONS_WRITE)
def cast(session_id: UUID) -> Redirect:
    """Say who the voices are; two with one name are one person."""
    people = {}
    for place in range(form_values.number("count", gettext("The number of speakers"))):
        label = request.form.get(f"label.{place}", "")
        name = form_values.optional_text(f"name.{place}", gettext("The name"), 200)
        given = request.form.get(f"role.{place}", "")
        people[label] = Person(Role(given) if given in set(Role) else None, name)
    speakers.cast(resources(), caller(), session_id, people)
    return form_values.see(f"/sessions/{session_id}")


@blueprint.get(_OFF_RECORD)
@signed_in(Scope.SESSIONS_READ, Scope.SESSIONS_WRITE)
def off_record_form(session_id: UUID) -> str:
    """Asks which stretch goes off the record."""
    sessions.status_of(resources(), caller(), session_id)  # no form for another therapist's session
    span = request.args.get("from", ""), request.args.get("to", "")
    return render_template("sessions/off_record.html", session_id=session_id, span=span, problem=None)


@blueprint.post(_OFF_RECORD)
@signed_in(Scope.SESSIONS_WRITE)
def cut(session_id: UUID) -> Response | Redirect:
    """Take a stretch out of recording, transcript and notes for good."""
    span = request.form.get("from", ""), request.form.get("to", "")
    keep = request.form.get("keep_signed_notes") == "yes"
    try:
        off_record.cut(resources(), caller(), session_id, _ranges(*span), keep_signed_notes=keep)
    except (Conflict, InvalidInput) as error:
        page = render_template(
            "sessions/off_record.html", session_id=session_id, span=span, problem=error.detail
        )
        return make_response(page, 409 if isinstance(error, Conflict) else 422)
    return form_values.see(f"/sessions/{session_id}")


def _ranges(start: str, end: str) -> Ranges:
    try:
        return parsed(f"{start}-{end}")
    except ValueError:
        raise InvalidInput(
            gettext("Write both times like 12:30 or 1:02:30, the first before the second.")
        ) from None
