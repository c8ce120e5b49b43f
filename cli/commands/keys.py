"""The commands ``keys …``: API keys, made by their owners, and ended by them or by an administrator."""

import sys

import click
from rich.text import Text

from cli.http.client import Api, JsonObject
from cli.options import EPILOG, KEY_ID, connect, json_option, overlap_option, pass_target
from cli.output import console, rendering
from cli.profile import Target
from cli.sanitise import one_line
from shared.services.access.caller import Scope


@click.group(epilog=EPILOG, short_help="API keys.")
def keys() -> None:
    """API keys: your own, and as an administrator the list of all."""


network_option = click.option(
    "--network",
    "networks",
    multiple=True,
    metavar="CIDR",
    help="Take the key from this network only, e.g. 192.0.2.0/24. Default: from anywhere.",
)
administrator_option = click.option(
    "--administrator", is_flag=True, help="Use the administrator's key that this machine has."
)


@keys.command(epilog=EPILOG)
@click.option("--scope", "scopes", multiple=True, type=click.Choice([scope.value for scope in Scope]))
@click.option("--label", default="", help="What the key is for.")
@click.option("--expires-days", type=click.IntRange(1, 365), default=90, show_default=True)
@network_option
@administrator_option
@json_option
@pass_target
def create(
    target: Target,
    scopes: tuple[str, ...],
    label: str,
    expires_days: int,
    networks: tuple[str, ...],
    administrator: bool,
    as_json: bool,
) -> None:
    """Make a key of your own. It is shown once."""
    with connect(target, administrator=administrator) as api:
        made = api.send("POST", "/api/keys", _wanted(scopes, label, expires_days, networks))
    _show_new(made, as_json)


@keys.command(epilog=EPILOG)
@click.option(
    "--code",
    envvar="SESSIONSCRIBE_ENROLMENT_CODE",
    show_envvar=True,
    help="The code. Default: ask for it.",
)
@click.option("--scope", "scopes", multiple=True, type=click.Choice([scope.value for scope in Scope]))
@click.option("--label", default="", help="What the key is for.")
@click.option("--expires-days", type=click.IntRange(1, 365), default=90, show_default=True)
@network_option
@json_option
@pass_target
def redeem(
    target: Target,
    code: str | None,
    scopes: tuple[str, ...],
    label: str,
    expires_days: int,
    networks: tuple[str, ...],
    as_json: bool,
) -> None:
    """Redeem an enrolment code for your first key. It is shown once.

    Without --scope it has the usual scopes, and `keys` to make further keys. Psychotherapy notes need
    --scope process-notes:read and --scope process-notes:write: no other key can give them later.
    """
    if code is None:
        if not sys.stdin.isatty():
            raise click.UsageError(
                "There is no terminal to ask for the code: set SESSIONSCRIBE_ENROLMENT_CODE."
            )
        code = click.prompt("Enrolment code", hide_input=True, err=True)
    url, *_ = target.address()
    with Api(url, None) as api:
        wanted = _wanted(scopes, label, expires_days, networks)
        made = api.send("POST", "/api/enrolments", {"code": code, **wanted})
    _show_new(made, as_json)


@keys.command("list", epilog=EPILOG)
@administrator_option
@json_option
@pass_target
def list_keys(target: Target, administrator: bool, as_json: bool) -> None:
    """List all keys that act for you, without their secrets; an administrator sees the practice's."""
    with connect(target, administrator=administrator) as api:
        found = list(api.listing("/api/keys", {}))
    if as_json:
        console.print_json(found)
    else:
        rendering.keys_table(console.results(), found)


@keys.command(epilog=EPILOG)
@click.argument("key_id", type=KEY_ID, metavar="ID")
@administrator_option
@pass_target
def revoke(target: Target, key_id: str, administrator: bool) -> None:
    """End a key from its next request on."""
    with connect(target, administrator=administrator) as api:
        api.send("DELETE", f"/api/keys/{key_id}")
    console.notices().print(Text("The key is revoked."))


@keys.command(epilog=EPILOG)
@click.argument("key_id", type=KEY_ID, metavar="ID")
@overlap_option("Hours for which the old key still works.")
@click.option("--expires-days", type=click.IntRange(1, 365), default=90, show_default=True)
@administrator_option
@json_option
@pass_target
def rotate(
    target: Target,
    key_id: str,
    overlap_hours: int,
    expires_days: int,
    administrator: bool,
    as_json: bool,
) -> None:
    """Make a key in the place of one of yours. It is shown once."""
    body = {"overlap_hours": overlap_hours, "expires_in_days": expires_days}
    with connect(target, administrator=administrator) as api:
        made = api.send("POST", f"/api/keys/{key_id}/rotate", body)
    _show_new(made, as_json)


def _wanted(scopes: tuple[str, ...], label: str, expires_days: int, networks: tuple[str, ...]) -> JsonObject:
    lists = {"scopes": list(scopes), "networks": list(networks)}
    given = {name: values for name, values in lists.items() if values}
    return {"label": label, "expires_in_days": expires_days, **given}


def _show_new(made: JsonObject, as_json: bool) -> None:
    if as_json:
        console.print_json(made)
        return
    rendering.keys_table(console.results(), [made])
    console.notices().print(Text("The key; it is not shown again:"))
    console.results().print(Text(one_line(made.get("key"))), soft_wrap=True)
