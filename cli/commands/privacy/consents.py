"""The commands ``consents …``: the history of consent, by scope and by participant."""

from typing import Any

import click

from cli.commands.records.patients import CONSENT_METHODS
from cli.exits import CommandError, Exit
from cli.options import EPILOG, Moment, confirm, connect, json_option, pass_target, patient_id
from cli.output import console
from cli.output.rendering import day, moment
from cli.output.tables import table
from cli.profile import Target

USUAL = ("recording", "ai_notes", "sending_away")
SCOPES = (*USUAL, "part2")  # those that the API takes
_PATIENT = click.argument("patient", metavar="ID|NAME")
_PARTICIPANT = click.option("--participant", metavar="ID", help="Who said it. Default: the patient.")
_SCOPE = click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(SCOPES),
    help="What it covers. Default: all but part2.",
)


@click.group(epilog=EPILOG)
def consents() -> None:
    """The history of consent, by scope and participant."""


@consents.command(epilog=EPILOG)
@_PATIENT
@json_option
@pass_target
def show(target: Target, patient: str, as_json: bool) -> None:
    """Show what is allowed now, and everything that was said."""
    with connect(target) as api:
        _print(api.document(f"/api/patients/{patient_id(api, patient)}/consents"), as_json)


@consents.command(epilog=EPILOG)
@_PATIENT
@_SCOPE
@click.option(
    "--method", type=click.Choice(CONSENT_METHODS), required=True, help="How the consent was given."
)
@click.option("--on", type=Moment(), metavar="DATE", help="When. Default: now.")
@click.option("--expires", metavar="DATE", help="Until when it holds. Default: no end.")
@click.option("--text", type=click.File(encoding="utf-8"), metavar="FILE", help="The words agreed to.")
@_PARTICIPANT
@json_option
@pass_target
def give(target: Target, /, patient: str, as_json: bool, **options: Any) -> None:
    """Record that consent was given."""
    body = _body("given", options) | {"method": options["method"]}
    if options["expires"]:
        body["expires_on"] = options["expires"]
    if options["text"]:
        body["text"] = options["text"].read()
    _say(target, patient, body, as_json)


@consents.command(epilog=EPILOG)
@_PATIENT
@_SCOPE
@click.option("--on", type=Moment(), metavar="DATE", help="When. Default: now.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@_PARTICIPANT
@json_option
@pass_target
def withdraw(target: Target, /, patient: str, yes: bool, as_json: bool, **options: Any) -> None:
    """Record that consent was withdrawn; that use ends, and no other.

    Without consent to recording nothing can be uploaded, and unfinished sessions are cancelled.
    """
    body = _body("withdrawn", options)
    if "recording" in body["scopes"]:
        confirm("Uploads for this patient and work under way will stop. Record the withdrawal?", yes=yes)
    _say(target, patient, body, as_json)


@consents.command("add-participant", epilog=EPILOG)
@_PATIENT
@click.argument("name")
@json_option
@pass_target
def add_participant(target: Target, patient: str, name: str, as_json: bool) -> None:
    """Add a participant; nothing is recorded until they consent too."""
    with connect(target) as api:
        path = f"/api/patients/{patient_id(api, patient)}/participants"
        _print(api.send("POST", path, {"name": name}), as_json)


@consents.command("remove-participant", epilog=EPILOG)
@_PATIENT
@click.argument("participant", metavar="ID")
@pass_target
def remove_participant(target: Target, patient: str, participant: str) -> None:
    """Record that a participant has left; what they said stays in the history."""
    with connect(target) as api:
        api.send("DELETE", f"/api/patients/{patient_id(api, patient)}/participants/{participant}", None)


@consents.command(epilog=EPILOG)
@_PATIENT
@click.option("--session", "session_id", metavar="ID", help="One session. Default: all of the patient.")
@click.option("--off", is_flag=True, help="Remove the flag.")
@pass_target
def protect(target: Target, patient: str, session_id: str | None, off: bool) -> None:
    """Flag records of substance use disorder treatment (42 CFR Part 2).

    Each export then carries the notice. Engines elsewhere need the consent part2 too.
    """
    with connect(target) as api:
        path = f"/api/patients/{patient_id(api, patient)}"
        if session_id:
            path = f"/api/sessions/{session_id}"
        api.send("PUT", f"{path}/part2", {"is_part2": not off})


@consents.command(epilog=EPILOG)
@click.argument("session_id", metavar="SESSION")
@click.option("--attach", type=click.IntRange(1), metavar="NUMBER", help="Attach this passage as evidence.")
@_PARTICIPANT
@json_option
@pass_target
def heard(
    target: Target, session_id: str, attach: int | None, participant: str | None, as_json: bool
) -> None:
    """List passages of a recording in which consent is heard.

    Rules for English propose them. Listen before you attach one to the patient's consents.
    """
    path = f"/api/sessions/{session_id}/consent-heard"
    with connect(target) as api:
        found = api.document(path)
        if attach is not None:
            if attach > len(found["passages"]):
                raise CommandError(f"There is no passage {attach}.", Exit.USAGE)
            body = {"start": found["passages"][attach - 1]["start"]}
            found = api.send("POST", path, body | ({"participant_id": participant} if participant else {}))
    if as_json:
        console.print_json(found)
        return
    rows = [
        (
            str(number),
            f"{int(one['start']) // 60}:{int(one['start']) % 60:02}",
            f"{one['asked_by']}: {one['asked']}" if one["asked"] else "",
            f"{one['given_by']}: {one['given']}",
            "yes" if one["attached"] else "",
        )
        for number, one in enumerate(found["passages"], 1)
    ]
    table(console.results(), ("Number", "Time", "Asked", "Given", "Attached"), rows, "No consent was heard.")


def _body(event: str, options: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = {"event": event, "scopes": list(options["scopes"]) or list(USUAL)}
    if options["on"]:
        body["on"] = options["on"]
    if options["participant"]:
        body["participant_id"] = options["participant"]
    return body


def _say(target: Target, patient: str, body: dict[str, Any], as_json: bool) -> None:
    with connect(target) as api:
        _print(api.send("POST", f"/api/patients/{patient_id(api, patient)}/consents", body), as_json)


def _print(found: Any, as_json: bool) -> None:
    if as_json:
        console.print_json(found)
        return
    names = {one["id"]: one["name"] or "the patient" for one in found["people"]}
    people = [
        (one["id"] or "", names[one["id"]], *(one["states"].get(scope, "left") for scope in SCOPES))
        for one in found["people"]
    ]
    table(console.results(), ("Participant", "Name", *SCOPES), people, "No participants.")
    headings = ("Recorded", "Who", "Scope", "What", "How", "Until", "Text")
    said = [_row(one, names) for one in found["history"]]
    table(console.results(), headings, said, "No consent on file.")


def _row(one: Any, names: dict[str | None, str]) -> tuple[str, ...]:
    return (
        moment(one["recorded_at"]),
        names.get(one["participant_id"], ""),
        one["scope"],
        f"{one['event']} {day(one['on'])}",
        one["method"] or "",
        day(one["expires_on"]) if one["expires_on"] else "",
        (one["text_sha256"] or "")[:12],
    )
