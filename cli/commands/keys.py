"""The commands ``keys …``: API keys, made and ended by an administrator."""

import click
from rich.text import Text

from cli.http.client import JsonObject
from cli.options import EPILOG, KEY_ID, THERAPIST_ID, connect, json_option, overlap_option, pass_target
from cli.output import console, rendering
from cli.profile import Target
from cli.sanitise import one_line
from shared.services.access.caller import Scope


@click.group(epilog=EPILOG, short_help="API keys.")
def keys() -> None:
    """API keys (needs the administrator's key)."""


@keys.command(epilog=EPILOG)
@click.option("--scope", "scopes", multiple=True, type=click.Choice([scope.value for scope in Scope]))
@click.option("--label", default="", help="What the key is for.")
@click.option("--expires-days", type=click.IntRange(1, 365), default=90, show_default=True)
@click.option("--therapist", type=THERAPIST_ID, help="Whose key it is; without it, the caller's own.")
@json_option
@pass_target
def create(
    target: Target,
    scopes: tuple[str, ...],
    label: str,
    expires_days: int,
    therapist: str | None,
    as_json: bool,
) -> None:
    """Make a key. It is shown once."""
    wanted = {
        "scopes": list(scopes) or None,
        "label": label,
        "expires_in_days": expires_days,
        "therapist_id": therapist,
    }
    body = {name: value for name, value in wanted.items() if value is not None}
    with connect(target, administrator=True) as api:
        made = api.send("POST", "/api/keys", body)
    _show_new(made, as_json)


@keys.command("list", epilog=EPILOG)
@json_option
@pass_target
def list_keys(target: Target, as_json: bool) -> None:
    """List the keys, without their secrets."""
    with connect(target, administrator=True) as api:
        found = list(api.listing("/api/keys", {}))
    if as_json:
        console.print_json(found)
    else:
        rendering.keys_table(console.results(), found)


@keys.command(epilog=EPILOG)
@click.argument("key_id", type=KEY_ID, metavar="ID")
@pass_target
def revoke(target: Target, key_id: str) -> None:
    """End a key from its next request on."""
    with connect(target, administrator=True) as api:
        api.send("DELETE", f"/api/keys/{key_id}")
    console.notices().print(Text("The key is revoked."))


@keys.command(epilog=EPILOG)
@click.argument("key_id", type=KEY_ID, metavar="ID")
@overlap_option("For how long the old key still works.")
@click.option("--expires-days", type=click.IntRange(1, 365), default=90, show_default=True)
@json_option
@pass_target
def rotate(target: Target, key_id: str, overlap_hours: int, expires_days: int, as_json: bool) -> None:
    """Make a key in the place of another. It is shown once."""
    body = {"overlap_hours": overlap_hours, "expires_in_days": expires_days}
    with connect(target, administrator=True) as api:
        made = api.send("POST", f"/api/keys/{key_id}/rotate", body)
    _show_new(made, as_json)


def _show_new(made: JsonObject, as_json: bool) -> None:
    if as_json:
        console.print_json(made)
        return
    rendering.keys_table(console.results(), [made])
    console.notices().print(Text("The key; it is not shown again:"))
    console.results().print(Text(one_line(made.get("key"))), soft_wrap=True)
