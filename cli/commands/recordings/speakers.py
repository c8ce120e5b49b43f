"""The command ``speakers``: who spoke, shown and corrected."""

import click

from cli.commands.recordings.sessions import SESSION
from cli.http.client import JsonObject
from cli.options import EPILOG, connect, json_option, pass_target
from cli.output import console
from cli.output.tables import table
from cli.profile import Target
from cli.sanitise import clock, one_line
from shared.domain.transcripts.roles import Role


@click.command(epilog=EPILOG)
@SESSION
@click.option("--therapist", multiple=True, metavar="LABEL", help="This speaker is the therapist.")
@click.option("--client", multiple=True, metavar="LABEL", help="This speaker is a client.")
@click.option("--other", multiple=True, metavar="LABEL", help="This speaker is neither therapist nor client.")
@click.option("--name", "names", multiple=True, metavar="LABEL=NAME", help="Name of this speaker.")
@json_option
@pass_target
def speakers(
    target: Target,
    session_id: str,
    therapist: tuple[str, ...],
    client: tuple[str, ...],
    other: tuple[str, ...],
    names: tuple[str, ...],
    as_json: bool,
) -> None:
    """Show who spoke; with options, correct it everywhere.

    A label is `Speaker 1`, or 1 for short. Two labels with one name are shown as one person.
    """
    roles = {Role.THERAPIST: therapist, Role.CLIENT: client, Role.OTHER: other}
    path = f"/api/sessions/{session_id}/speakers"
    with connect(target) as api:
        found = api.document(path)
        if wanted := _wanted(found, {role.value: labels for role, labels in roles.items()}, names):
            found = api.send("PUT", path, {"speakers": wanted})
        if as_json:
            console.print_json(found)
            return
        _print(found)


def _wanted(found: JsonObject, roles: dict[str, tuple[str, ...]], names: tuple[str, ...]) -> list[JsonObject]:
    """The body's ``speakers``: what is known of those who are named, with what changes."""
    changes: dict[str, JsonObject] = {}
    for role, labels in roles.items():
        for label in labels:
            changes.setdefault(_label(label), {})["role"] = role
    for pair in names:
        label, equals, name = pair.partition("=")
        if not equals:
            raise click.UsageError("--name takes LABEL=NAME, for example 'Speaker 1=Dr. Roe'.")
        changes.setdefault(_label(label), {})["name"] = name.strip() or None
    known = {
        str(person.get("label")): {
            "role": person.get("role") if person.get("confirmed") else None,
            "name": person.get("name"),
        }
        for person in found.get("speakers") or ()
    }
    return [{"label": label, **known.get(label, {}), **change} for label, change in changes.items()]


def _label(text: str) -> str:
    text = text.strip()
    return f"Speaker {text}" if text.isdecimal() else text


def _print(found: JsonObject) -> None:
    rows = [
        (
            person.get("label"),
            person.get("name") or "",
            _role(person),
            clock(person.get("seconds")),
            person.get("words"),
        )
        for person in found.get("speakers") or ()
    ]
    headings = ("Speaker", "Name", "Role", "Spoke for", "Words")
    table(console.results(), headings, rows, "No speaker was found.")
    if found.get("extracting_notes"):
        console.notices().print("Roles changed: the notes are being made again.")


def _role(person: JsonObject) -> str:
    role = person.get("role")
    if not role:
        return ""
    confidence = person.get("confidence")
    if person.get("confirmed") or not isinstance(confidence, int | float):
        return one_line(role)
    return f"{one_line(role)}? ({confidence:.0%})"
