"""The commands ``holds …``: legal holds, managed by administrators."""

from collections.abc import Iterable

import click
from rich.text import Text

from cli.http.client import JsonObject
from cli.options import EPILOG, RecordId, connect, json_option, pass_target
from cli.output import console
from cli.output.tables import table
from cli.profile import Target
from cli.sanitise import one_line

_HOLD_ID = RecordId("hold", "/api/holds", "holds list", administrator=True)
_DAY = click.DateTime(["%Y-%m-%d"])
_HOLD = click.argument("hold_id", type=_HOLD_ID, metavar="ID")


@click.group(epilog=EPILOG, short_help="Legal holds: what must not be deleted.")
def holds() -> None:
    """Legal holds on patients and sessions (needs the administrator's key)."""


@holds.command(epilog=EPILOG)
@click.option("--patient", type=click.UUID, metavar="ID", help="Patient to hold, with all sessions.")
@click.option("--session", type=click.UUID, metavar="ID", help="Session to hold.")
@click.option("--matter", required=True, help="The case, as the practice files it.")
@click.option("--reason", required=True, help="Why the record must be kept.")
@click.option("--review", required=True, type=_DAY, metavar="DAY", help="When to review the hold.")
@json_option
@pass_target
def place(
    target: Target, patient: object, session: object, matter: str, reason: str, review: object, as_json: bool
) -> None:
    """Put a patient or a session on hold. Nothing of it is deleted until two administrators lift it."""
    if (patient is None) == (session is None):
        raise click.UsageError("Name either --patient ID or --session ID.")
    held = {"patient_id": str(patient)} if patient else {"session_id": str(session)}
    body = {**held, "matter": matter, "reason": reason, "review_on": str(review)[:10]}
    _send(target, "POST", "/api/holds", body, as_json=as_json)


@holds.command("list", epilog=EPILOG)
@click.option("--lifted", is_flag=True, help="Include lifted holds.")
@json_option
@pass_target
def list_holds(target: Target, lifted: bool, as_json: bool) -> None:
    """List the practice's holds with matter, reason and review."""
    with connect(target, administrator=True) as api:
        found = list(api.listing("/api/holds", {"lifted": "true"} if lifted else {}))
    _show(found, as_json=as_json)


@holds.command(epilog=EPILOG)
@_HOLD
@click.argument("day", type=_DAY)
@json_option
@pass_target
def review(target: Target, hold_id: str, day: object, as_json: bool) -> None:
    """Set the DAY on which a hold is looked at again."""
    _send(target, "PATCH", f"/api/holds/{hold_id}", {"review_on": str(day)[:10]}, as_json=as_json)


@holds.command(epilog=EPILOG)
@_HOLD
@json_option
@pass_target
def lift(target: Target, hold_id: str, as_json: bool) -> None:
    """Ask for a hold to be lifted. It holds until another administrator confirms."""
    _send(target, "POST", f"/api/holds/{hold_id}/lift", as_json=as_json)
    console.notices().print(
        Text(f"Another administrator confirms: sessionscribe holds confirm {hold_id}"), soft_wrap=True
    )


@holds.command(epilog=EPILOG)
@_HOLD
@json_option
@pass_target
def confirm(target: Target, hold_id: str, as_json: bool) -> None:
    """Lift a hold that another administrator asked to lift."""
    _send(target, "POST", f"/api/holds/{hold_id}/lift/confirm", as_json=as_json)


@holds.command(epilog=EPILOG)
@_HOLD
@json_option
@pass_target
def keep(target: Target, hold_id: str, as_json: bool) -> None:
    """Take back that a hold is to be lifted."""
    _send(target, "DELETE", f"/api/holds/{hold_id}/lift", as_json=as_json)


def _send(target: Target, method: str, path: str, body: JsonObject | None = None, *, as_json: bool) -> None:
    with connect(target, administrator=True) as api:
        answer = api.send(method, path, body)
    if as_json:
        console.print_json(answer)
    else:
        _show([answer], as_json=False)


def _show(found: list[JsonObject], *, as_json: bool) -> None:
    if as_json:
        console.print_json(found)
        return
    headings = ("Hold", "On", "Matter", "Reason", "Review", "State")
    table(console.results(), headings, map(_row, found), "No holds.")


def _row(hold: JsonObject) -> Iterable[object]:
    on = f"session {hold['session_id']}" if hold.get("session_id") else f"patient {hold.get('patient_id')}"
    state = "holds"
    if hold.get("lifted_at"):
        state = f"lifted {one_line(hold['lifted_at'])[:10]}"
    elif hold.get("lift_asked_at"):
        state = f"holds; {one_line(hold.get('lift_asked_by'))} asks to lift it"
    review_on = f"{one_line(hold.get('review_on'))}{' (due)' if hold.get('review_due') else ''}"
    return hold.get("id"), on, hold.get("matter") or "-", hold.get("reason") or "-", review_on, state
