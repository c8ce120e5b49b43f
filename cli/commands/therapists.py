"""The commands ``therapists …``: the people of a practice, managed by an administrator."""

import click
from rich.text import Text

from cli.options import EPILOG, THERAPIST_ID, connect, json_option, pass_target
from cli.output import console, rendering
from cli.profile import Target
from cli.sanitise import one_line


@click.group(epilog=EPILOG, short_help="The people of the practice.")
def therapists() -> None:
    """The people of the practice (needs the administrator's key)."""


@therapists.command(epilog=EPILOG)
@click.argument("name")
@click.option("--role", type=click.Choice(["therapist", "administrator"]), default="therapist")
@json_option
@pass_target
def add(target: Target, name: str, role: str, as_json: bool) -> None:
    """Add a person; `therapists enrol ID` gives them a code for their first key."""
    with connect(target, administrator=True) as api:
        made = api.send("POST", "/api/therapists", {"name": name, "role": role})
    if as_json:
        console.print_json(made)
    else:
        rendering.people_table(console.results(), [made])


@therapists.command("list", epilog=EPILOG)
@json_option
@pass_target
def list_people(target: Target, as_json: bool) -> None:
    """List everybody in the practice."""
    with connect(target, administrator=True) as api:
        found = list(api.listing("/api/therapists", {}))
    if as_json:
        console.print_json(found)
    else:
        rendering.people_table(console.results(), found)


@therapists.command(epilog=EPILOG)
@click.argument("therapist_id", type=THERAPIST_ID, metavar="ID")
@json_option
@pass_target
def enrol(target: Target, therapist_id: str, as_json: bool) -> None:
    """Issue a one-time code for the person's first key; they redeem it with `keys redeem`."""
    with connect(target, administrator=True) as api:
        issued = api.send("POST", f"/api/therapists/{therapist_id}/enrolment-code")
    if as_json:
        console.print_json(issued)
        return
    console.notices().print(Text("The code; it is not shown again, works once and ends after 72 hours:"))
    console.results().print(Text(one_line(issued.get("code"))), soft_wrap=True)


@therapists.command(epilog=EPILOG)
@click.argument("therapist_id", type=THERAPIST_ID, metavar="ID")
@pass_target
def disable(target: Target, therapist_id: str) -> None:
    """Take none of the person's keys from the next request on."""
    _set_disabled(target, therapist_id, True)


@therapists.command(epilog=EPILOG)
@click.argument("therapist_id", type=THERAPIST_ID, metavar="ID")
@pass_target
def enable(target: Target, therapist_id: str) -> None:
    """Take the person's keys again, unless they were revoked or have expired."""
    _set_disabled(target, therapist_id, False)


@therapists.command(epilog=EPILOG)
@click.argument("therapist_id", type=THERAPIST_ID, metavar="ID")
@click.option(
    "--by", type=THERAPIST_ID, metavar="SUPERVISOR", help="Therapist who co-signs their notes from now on."
)
@click.option("--nobody", is_flag=True, help="No co-signature is needed from now on.")
@pass_target
def supervise(target: Target, therapist_id: str, by: str | None, nobody: bool) -> None:
    """Say who supervises a therapist, and so co-signs their notes."""
    if (by is None) != nobody:
        raise click.UsageError("Name either --by SUPERVISOR or --nobody.")
    with connect(target, administrator=True) as api:
        changed = api.send("PATCH", f"/api/therapists/{therapist_id}", {"supervisor_id": by})
    word = f"is supervised by {changed['supervisor_id']}" if changed.get("supervisor_id") else "signs alone"
    console.notices().print(Text(f"{one_line(changed.get('name'))} {word}."), soft_wrap=True)


@therapists.command("provider-roles", epilog=EPILOG)
@click.option("--claim", metavar="NAME", help="Claim of the provider's token; a path may have dots.")
@click.option("--therapists", "therapist", metavar="VALUE", help="Value that makes a therapist.")
@click.option(
    "--administrators", metavar="VALUE", help="Value that makes an administrator. Default: none is made."
)
@click.option("--off", is_flag=True, help="Set roles here alone.")
@json_option
@pass_target
def show_provider_roles(
    target: Target,
    claim: str | None,
    therapist: str | None,
    administrators: str | None,
    off: bool,
    as_json: bool,
) -> None:
    """Show or set which claim of your organisation's sign-in gives people their roles."""
    body = {"claim": claim, "therapists": therapist, "administrators": administrators}
    given = any(body.values())
    if given and (off or not (claim and therapist)):
        raise click.UsageError("Give --claim with --therapists, or --off, or none of them.")
    path = "/api/practice/provider-roles"
    with connect(target, administrator=True) as api:
        found = api.send("PUT", path, body) if given or off else api.document(path)
    if as_json:
        console.print_json(found)
        return
    lines = [f"{name}: {one_line(found.get(name)) or 'none'}" for name in body]
    console.results().print(Text("\n".join(lines)))


def _set_disabled(target: Target, therapist_id: str, disabled: bool) -> None:
    with connect(target, administrator=True) as api:
        changed = api.send("PATCH", f"/api/therapists/{therapist_id}", {"disabled": disabled})
    rendering.people_table(console.results(), [changed])
