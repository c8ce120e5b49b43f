"""The commands ``risk …``."""

import click
from rich.padding import Padding
from rich.text import Text

from cli.http.client import JsonObject
from cli.options import ALERT_ID, EPILOG, SESSION_ID, connect, json_option, pass_target, patient_names
from cli.output import console as screen
from cli.output.rendering import day, moment
from cli.output.tables import table
from cli.profile import Target
from cli.sanitise import clock, plain
from shared.domain.verification.boilerplate import finding_words


@click.group(epilog=EPILOG)
def risk() -> None:
    """Grave findings that a clinician must acknowledge."""


@risk.command("list", epilog=EPILOG)
@click.option("--all", "answered", is_flag=True, help="Those acknowledged, too.")
@click.option("--session", "session_id", type=SESSION_ID, metavar="SESSION", help="Of this session only.")
@json_option
@pass_target
def list_alerts(target: Target, answered: bool, session_id: str | None, as_json: bool) -> None:
    """List what was found and not yet acknowledged, with the words."""
    query = {"limit": "1000", "state": "all" if answered else "open"}
    if session_id:
        query["session_id"] = session_id
    with connect(target) as api:
        found = list(api.listing("/api/risk-alerts", query))
        names = {} if as_json else patient_names(api)
    if as_json:
        screen.print_json(found)
        return
    rows = [
        (
            alert.get("id"),
            day(alert.get("session_date")),
            names.get(str(alert.get("patient_id")), alert.get("patient_id")),
            alert.get("session_id"),
            _state(alert),
        )
        for alert in found
    ]
    console = screen.results()
    nothing = "No open alerts. This says what was found in transcripts, never that there is no risk."
    table(console, ("Alert", "Date", "Patient", "Session", "State"), rows, nothing)
    for alert in found:
        console.print()
        for line in _lines(alert):
            indent = len(line) - len(line.lstrip())
            console.print(Padding(Text(line.lstrip()), (0, 0, 0, indent)))


def _state(alert: JsonObject) -> str:
    if alert.get("acknowledged_at"):
        return f"acknowledged {moment(alert['acknowledged_at'])}"
    reminders = alert.get("reminders") or 0
    told = f", told again {reminders} time(s)" if reminders else ""
    return f"open, due {moment(alert.get('due_at'))}{told}"


def _lines(alert: JsonObject) -> list[str]:
    lines = [f"{plain(alert.get('id'))}:"]
    for finding in alert.get("findings") or ():
        said = "; ".join(
            word
            for word in (
                plain(finding_words(finding)),
                plain(finding.get("severity")),
                plain(finding.get("temporality")),
                "denied" if finding.get("negated") else "",
            )
            if word
        )
        lines.append(f"  {said}")
        lines += [
            f"    {clock(piece.get('start'))} “{plain(piece.get('quote'))}”"
            for piece in finding.get("evidence") or ()
        ]
    if alert.get("note"):
        lines.append(f"  note: {plain(alert.get('note'))}")
    return lines


@risk.command(epilog=EPILOG)
@click.argument("alert_id", type=ALERT_ID, metavar="ALERT")
@click.option("--note", help="What you did about it; kept encrypted.")
@json_option
@pass_target
def acknowledge(target: Target, alert_id: str, note: str | None, as_json: bool) -> None:
    """Say that you have seen an alert."""
    with connect(target) as api:
        done = api.send("POST", f"/api/risk-alerts/{alert_id}/acknowledge", {"note": note})
    if as_json:
        screen.print_json(done)
    else:
        screen.notices().print(Text("Acknowledged."), soft_wrap=True)
