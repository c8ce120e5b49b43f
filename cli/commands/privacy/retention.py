"""The commands ``retention …``: how long a practice keeps what, and what would go."""

import click
from rich.text import Text

from cli.options import EPILOG, confirm, connect, json_option, pass_target, patient_id
from cli.output import console
from cli.output.tables import table
from cli.profile import Target
from cli.sanitise import one_line
from shared.domain.retention import RetentionEvent, RetentionKind

_KIND = click.argument("kind", type=click.Choice([kind.value for kind in RetentionKind]))


@click.group(epilog=EPILOG, short_help="How long records are kept.")
def retention() -> None:
    """Rules of retention (needs the administrator's key)."""


@retention.command("list", epilog=EPILOG)
@json_option
@pass_target
def list_rules(target: Target, as_json: bool) -> None:
    """List the practice's rules. A kind without one is kept without limit."""
    with connect(target, administrator=True) as api:
        found = list(api.listing("/api/retention/rules", {}))
    if as_json:
        console.print_json(found)
        return
    rows = (
        (
            rule.get("kind"),
            f"{rule.get('days')} days after {one_line(rule.get('event'))}",
            f"{rule.get('grace_days')} days",
            "suspended since a restore; set it again" if rule.get("suspended_at") else "in force",
        )
        for rule in found
    )
    table(console.results(), ("Kind", "Kept for", "Grace", "State"), rows, "No rules: everything is kept.")


@retention.command("set", epilog=EPILOG)
@_KIND
@click.option("--days", required=True, type=click.IntRange(0, 36500), help="Kept so long after the event.")
@click.option(
    "--after",
    type=click.Choice([event.value for event in RetentionEvent]),
    default=RetentionEvent.SESSION.value,
    show_default=True,
    help="The event from which the days count.",
)
@click.option(
    "--grace", type=click.IntRange(0, 365), default=7, show_default=True, help="Days before it goes."
)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@pass_target
def set_rule(target: Target, kind: str, days: int, after: str, grace: int, yes: bool) -> None:
    """Set how long a KIND of record is kept. It works on what is older too, after the grace."""
    if kind != RetentionKind.SIGNED_MINIMUM.value:
        confirm(f"What is older goes for good, {grace} days from now at the earliest. Set the rule?", yes=yes)
    body = {"event": after, "days": days, "grace_days": grace}
    with connect(target, administrator=True) as api:
        api.send("PUT", f"/api/retention/rules/{kind}", body)
    console.notices().print(Text("Set. What would go: sessionscribe retention preview"), soft_wrap=True)


@retention.command(epilog=EPILOG)
@_KIND
@pass_target
def remove(target: Target, kind: str) -> None:
    """Remove the rule for a KIND of record: it is kept without limit."""
    with connect(target, administrator=True) as api:
        api.send("DELETE", f"/api/retention/rules/{kind}")
    console.notices().print(Text("Removed."))


@retention.command(epilog=EPILOG)
@click.option(
    "--days", type=click.IntRange(0, 366), default=1, show_default=True, help="How far to look ahead."
)
@json_option
@pass_target
def preview(target: Target, days: int, as_json: bool) -> None:
    """List what the rules remove soon, why, and what keeps some of it."""
    with connect(target, administrator=True) as api:
        found = api.document("/api/retention/preview", {"days": str(days)})
    if as_json:
        console.print_json(found)
        return
    rows = (
        (
            one_line(item.get("remove_at"))[:16],
            item.get("kind"),
            item.get("session_id"),
            f"counted from {one_line(item.get('event_at'))[:10]}",
            _kept(item),
        )
        for item in found.get("due") or ()
    )
    headings = ("Goes at", "Kind", "Session", "Why", "Kept by")
    table(console.results(), headings, rows, f"Nothing goes within {days} days.")
    if found.get("is_cut"):
        console.notices().print(Text("There is more than is shown."))
    trail = found.get("trail") or {}
    if trail.get("lines"):
        upto = one_line(trail.get("upto"))[:10]
        console.notices().print(Text(f"{trail['lines']} lines of the trail, written before {upto}."))
    if trail.get("is_blocked"):
        console.notices().print(Text("A hold or an exception keeps the lines of the trail after these."))
    for kind, count in (found.get("without_birth_year") or {}).items():
        console.notices().print(Text(f"{count} x {one_line(kind)} kept: no year of birth."), soft_wrap=True)


@retention.command(epilog=EPILOG)
@click.argument("patient", metavar="ID|NAME")
@click.option("--birth-year", type=click.IntRange(1900, 2200), help="For rules that count from majority.")
@click.option("--keep-until", type=click.DateTime(["%Y-%m-%d"]), metavar="DAY", help="Nothing goes before.")
@json_option
@pass_target
def patient(target: Target, patient: str, birth_year: int | None, keep_until: object, as_json: bool) -> None:
    """Set what rules know of one patient: year of birth, exception. What is not given is cleared."""
    body = {"birth_year": birth_year, "keep_until": str(keep_until)[:10] if keep_until else None}
    with connect(target) as api:
        said = api.send("PUT", f"/api/patients/{patient_id(api, patient)}/retention", body)
    if as_json:
        console.print_json(said)
    else:
        console.notices().print(Text("Set."))


def _kept(item: dict[str, object]) -> str:
    if item.get("on_hold"):
        return "a legal hold"
    return f"an exception until {one_line(item['kept_until'])}" if item.get("kept_until") else "-"
