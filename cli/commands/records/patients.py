"""The commands ``patients …``."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, TypeVar
from urllib.parse import urlencode

import click
from rich.text import Text

from cli.http.client import JsonObject
from cli.options import EPILOG, Moment, confirm, connect, json_option, pass_target, patient_id
from cli.output import console, rendering
from cli.output.tables import table
from cli.profile import Target
from cli.sanitise import one_line
from shared.domain.disclosures import PURPOSES

F = TypeVar("F", bound=Callable[..., object])

CONSENT_METHODS = ("written", "verbal", "electronic")  # those that the API takes


def _period(command: F) -> F:
    """``--since`` and ``--until``."""
    for name, words in (("--until", "Before."), ("--since", "Not before.")):
        command = click.option(name, type=Moment(), metavar="DATE", help=words)(command)
    return command


@click.group(epilog=EPILOG)
def patients() -> None:
    """Patients, and their consent to be recorded."""


@patients.command(epilog=EPILOG)
@click.argument("name")
@click.option("--consent", type=click.Choice(CONSENT_METHODS), help="How consent was given.")
@click.option("--consent-on", type=Moment(), metavar="DATE", help="When; today if not said.")
@json_option
@pass_target
def add(target: Target, name: str, consent: str | None, consent_on: str | None, as_json: bool) -> None:
    """Add a patient. Without consent on file nothing can be uploaded for them."""
    if consent_on and not consent:
        raise click.UsageError("--consent-on needs --consent METHOD.")
    body: dict[str, object] = {"name": name}
    if consent:
        body["consent"] = {"method": consent, "given_on": consent_on or today()}
    with connect(target) as api:
        made = api.send("POST", "/api/patients", body)
    if as_json:
        console.print_json(made)
    else:
        rendering.patients_table(console.results(), [made])


@patients.command(epilog=EPILOG)
@click.argument("patient", metavar="ID|NAME")
@click.option("--method", type=click.Choice(CONSENT_METHODS), help="How consent was given.")
@click.option("--on", "given_on", type=Moment(), metavar="DATE", help="When. Default: now.")
@click.option("--withdrawn", is_flag=True, help="Record that the patient has withdrawn the consent.")
@click.option("--yes", is_flag=True, help="Do not ask before a withdrawal, which stops work under way.")
@json_option
@pass_target
def consent(
    target: Target,
    patient: str,
    method: str | None,
    given_on: str | None,
    withdrawn: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Record a patient's consent to be recorded, or with --withdrawn that they took it back.

    After a withdrawal nothing can be uploaded for them, and unfinished sessions are cancelled.
    """
    if (method is None) != withdrawn:
        raise click.UsageError("Name either --method or --withdrawn.")
    if withdrawn:
        confirm("Uploads for this patient and work under way will stop. Record the withdrawal?", yes=yes)
        change: dict[str, object] = {"revoked_on": given_on or today()}
    else:
        change = {"method": method, "given_on": given_on or today(), "revoked_on": None}
    with connect(target) as api:
        made = api.send("PATCH", f"/api/patients/{patient_id(api, patient)}", {"consent": change})
    if as_json:
        console.print_json(made)
    else:
        rendering.patients_table(console.results(), [made])


@patients.command("list", epilog=EPILOG)
@json_option
@pass_target
def list_patients(target: Target, as_json: bool) -> None:
    """List the patients."""
    with connect(target) as api:
        found = list(api.listing("/api/patients", {"limit": "1000"}))
    if as_json:
        console.print_json(found)
    else:
        rendering.patients_table(console.results(), found)


@patients.command("access-log", epilog=EPILOG)
@click.argument("patient", metavar="ID|NAME")
@_period
@click.option("--format", "form", type=click.Choice(("csv", "pdf")), help="Form of the file. Needs --to.")
@click.option("--to", type=click.File("wb", atomic=True), help="File to write.")
@json_option
@pass_target
def access_log(
    target: Target,
    patient: str,
    since: str | None,
    until: str | None,
    form: str | None,
    to: BinaryIO | None,
    as_json: bool,
) -> None:
    """Show who saw a patient's record, in plain words."""
    if (form is None) != (to is None):
        raise click.UsageError("--format and --to go together.")
    query = {name: value for name, value in (("since", since), ("until", until)) if value}
    with connect(target) as api:
        path = f"/api/patients/{patient_id(api, patient)}/access-log"
        if to is not None:
            api.download(f"{path}?{urlencode({**query, 'format': form})}", to, lambda _: None)
            return
        found = api.document(path, {**query, "format": "json"})
    if as_json:
        console.print_json(found)
        return
    headings = ("At (UTC)", "Who", "What", "About", "Times")
    rows = [
        (_moment(one), one.get("who"), one.get("what"), one.get("about"), one.get("times"))
        for one in found["entries"]
    ]
    table(console.results(), headings, rows, "None in this time.")


@patients.command(epilog=EPILOG)
@click.argument("patient", metavar="ID|NAME")
@_period
@json_option
@pass_target
def disclosures(target: Target, patient: str, since: str | None, until: str | None, as_json: bool) -> None:
    """Show what of a patient's record was given out, to whom and why."""
    query = {name: value for name, value in (("since", since), ("until", until)) if value}
    with connect(target) as api:
        found = list(api.listing(f"/api/patients/{patient_id(api, patient)}/disclosures", query))
    if as_json:
        console.print_json(found)
    else:
        _show_disclosures(found)


@patients.command("record-disclosure", epilog=EPILOG)
@click.argument("patient", metavar="ID|NAME")
@click.option("--recipient", required=True, help="Who was given it: name and address.")
@click.option("--what", required=True, help="What was given.")
@click.option("--purpose", required=True, type=click.Choice(PURPOSES), help="Why.")
@click.option("--at", type=Moment(), metavar="DATE", help="When. Default: now.")
@click.option("--session", "session_id", type=click.UUID, help="Session that it is about.")
@json_option
@pass_target
def record_disclosure(target: Target, /, patient: str, as_json: bool, **given: Any) -> None:
    """Record that something of a patient's record was given to another. It cannot be changed."""
    body: dict[str, object] = {name: str(value) for name, value in given.items() if value is not None}
    with connect(target) as api:
        made = api.send("POST", f"/api/patients/{patient_id(api, patient)}/disclosures", body)
    if as_json:
        console.print_json(made)
    else:
        _show_disclosures([made])


def _show_disclosures(found: list[JsonObject]) -> None:
    rows = [
        (
            _moment(one),
            one.get("what"),
            one.get("recipient") or "not said",
            one.get("purpose") or "not said",
            one.get("by"),
        )
        for one in found
    ]
    table(console.results(), ("At (UTC)", "What", "To", "Why", "By"), rows, "Nothing was given out.")


def _moment(one: JsonObject) -> str:
    return one_line(one.get("at")).replace("T", " ")[:16]


def today() -> str:
    """The present moment as RFC 3339, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@patients.command(epilog=EPILOG)
@click.argument("patient", metavar="ID|NAME")
@click.option("--signed-notes", is_flag=True, help="Also signed notes, which the law may oblige to keep.")
@click.option("--receipt", type=click.Path(dir_okay=False, path_type=Path), help="File for the receipt.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@pass_target
def delete(target: Target, patient: str, signed_notes: bool, receipt: Path | None, yes: bool) -> None:
    """Delete a patient with all sessions. The signed receipt goes to --receipt, else to the output."""
    confirm("The patient and all recordings, transcripts and notes will be gone. Delete them?", yes=yes)
    query = "?records=delete" + ("&signed_notes=delete" if signed_notes else "")
    with connect(target) as api:
        signed = api.send("DELETE", f"/api/patients/{patient_id(api, patient)}{query}")
    if receipt is None:
        console.print_json(signed)
    else:
        receipt.write_text(json.dumps(signed, indent=2) + "\n", encoding="utf-8")
    complete = (signed.get("receipt") or {}).get("complete")
    told = "Deleted." if complete else "Something is left, or yet to follow: the receipt says what and why."
    console.notices().print(Text(told), soft_wrap=True)
