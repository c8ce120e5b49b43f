"""The command ``incident``: what a stolen key, a person or an address did, whom to tell, what to revoke."""

from uuid import UUID

import click
from rich.text import Text

from cli.http.client import JsonObject
from cli.options import EPILOG, Moment, connect, json_option, pass_target
from cli.output import console
from cli.output.tables import table
from cli.profile import Target
from cli.sanitise import one_line


@click.command(epilog=EPILOG, short_help="Report what a key, a person or an address did.")
@click.option("--key", "key_id", type=click.UUID, help="API key or browser session that is suspected.")
@click.option("--person", "person_id", type=click.UUID, help="Person who is suspected.")
@click.option("--address", help="Address that is suspected.")
@click.option("--since", type=Moment(), metavar="DATE", help="Only what happened from this time on.")
@click.option("--until", type=Moment(), metavar="DATE", help="Only what happened before this time.")
@json_option
@pass_target
def incident(
    target: Target,
    key_id: UUID | None,
    person_id: UUID | None,
    address: str | None,
    since: str | None,
    until: str | None,
    as_json: bool,
) -> None:
    """Report what was read, exported and changed, which patients to tell, and what to revoke.

    From the audit trail, with an administrator's key. Nothing is revoked by it.
    """
    if not (key_id or person_id or address or since):
        raise click.UsageError("Name what is suspected: --key, --person, --address or --since.")
    asked = {"key_id": key_id, "person_id": person_id, "address": address, "since": since, "until": until}
    query = {name: str(value) for name, value in asked.items() if value}
    with connect(target, administrator=True) as api:
        found = api.document("/api/audit/incident", query)
    if as_json:
        console.print_json(found)
    else:
        _show(found)


def _show(found: JsonObject) -> None:
    out = console.results()
    first, last = (one_line(found.get(name))[:19] for name in ("first_at", "last_at"))
    when = f", from {first} to {last} (UTC)" if found["lines"] else ""
    out.print(Text(f"{found['lines']} lines{when}; {found['refused']} calls were refused."), soft_wrap=True)
    headings = ("Patient to tell", "Sessions", "Reads", "Exports", "Changes", "Seen")
    table(out, headings, [_patient(one) for one in found["patients"]], "No patient's record was touched.")
    columns = ("Credential", "Kind", "Of", "Was", "Ended")
    table(out, columns, [_credential(one) for one in found["credentials"]], "No credential was used.")
    _show_emergencies(found)
    for heading, counts in (("Address", found["addresses"]), ("Other actions", found["practice"])):
        if counts:
            table(out, (heading, "Lines"), sorted(counts.items()), "")
    for step in found["steps"]:
        out.print(Text(f"Run: {one_line(step)}"), soft_wrap=True)


def _patient(one: JsonObject) -> tuple[object, ...]:
    seen = "name in a list" if one.get("only_listed") else "record"
    counts = (one.get(name) for name in ("reads", "exports", "changes"))
    return (one.get("patient_id"), len(one["sessions"]), *counts, seen)


def _credential(one: JsonObject) -> tuple[object, ...]:
    how, ended = "made" if one.get("made") else "used", one_line(one.get("ended_at") or "")[:19]
    return (one.get("id"), one.get("kind"), one.get("person"), how, ended or "no")


def _show_emergencies(found: JsonObject) -> None:
    held = [
        (
            one.get("id"),
            one.get("patient_id"),
            one_line(one.get("started_at"))[:19],
            one_line(one.get("ended_at") or one.get("until_at"))[:19],
        )
        for one in found.get("emergencies") or ()
    ]
    if held:
        table(console.results(), ("Emergency access", "Patient", "From", "To"), held, "")
