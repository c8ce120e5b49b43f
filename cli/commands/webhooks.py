"""The commands ``webhooks …``: where a practice's own systems are told what happens."""

from uuid import UUID

import click
from rich.text import Text

from cli.http.client import JsonObject
from cli.options import EPILOG, WEBHOOK_ID, Moment, connect, json_option, overlap_option, pass_target
from cli.output import console, rendering
from cli.profile import Target
from cli.sanitise import one_line
from shared.domain.webhooks import SUBSCRIBABLE, USUAL, DeliveryState

_EVENT = click.Choice(sorted(event.value for event in SUBSCRIBABLE))
_USUAL = ", ".join(sorted(event.value for event in USUAL))


@click.group(epilog=EPILOG, short_help="Addresses that receive events.")
def webhooks() -> None:
    """Webhooks (needs the administrator's key)."""


@webhooks.command(epilog=EPILOG)
@click.argument("url")
@click.option(
    "--event",
    "events",
    multiple=True,
    type=_EVENT,
    help=f"Event to send; repeat for more. Default: {_USUAL}.",
)
@click.option("--label", default="", help="What the webhook is for.")
@json_option
@pass_target
def add(target: Target, url: str, events: tuple[str, ...], label: str, as_json: bool) -> None:
    """Add a webhook. Its signing secret is shown once."""
    body: JsonObject = {"url": url, "label": label, **({"events": sorted(set(events))} if events else {})}
    with connect(target, administrator=True) as api:
        made = api.send("POST", "/api/webhooks", body)
    _show_secret(made, as_json)


@webhooks.command("list", epilog=EPILOG)
@json_option
@pass_target
def list_webhooks(target: Target, as_json: bool) -> None:
    """List the webhooks and how they fare."""
    with connect(target, administrator=True) as api:
        found = list(api.listing("/api/webhooks", {}))
    if as_json:
        console.print_json(found)
    else:
        rendering.webhooks_table(console.results(), found)


@webhooks.command(epilog=EPILOG)
@click.argument("webhook_id", type=WEBHOOK_ID, metavar="ID")
@click.option("--url")
@click.option("--label")
@click.option("--event", "events", multiple=True, type=_EVENT, help="What it is told from now on.")
@pass_target
def change(
    target: Target, webhook_id: str, url: str | None, label: str | None, events: tuple[str, ...]
) -> None:
    """Change where a webhook is or what it is told; what waits goes to the new place."""
    wanted = {"url": url, "label": label, "events": sorted(set(events)) or None}
    _change(target, webhook_id, {name: value for name, value in wanted.items() if value is not None})


@webhooks.command(epilog=EPILOG)
@click.argument("webhook_id", type=WEBHOOK_ID, metavar="ID")
@pass_target
def pause(target: Target, webhook_id: str) -> None:
    """Send nothing for now; messages wait."""
    _change(target, webhook_id, {"paused": True})


@webhooks.command(epilog=EPILOG)
@click.argument("webhook_id", type=WEBHOOK_ID, metavar="ID")
@pass_target
def resume(target: Target, webhook_id: str) -> None:
    """Resume a paused webhook: send the messages that wait, and new ones."""
    _change(target, webhook_id, {"paused": False})


@webhooks.command(epilog=EPILOG)
@click.argument("webhook_id", type=WEBHOOK_ID, metavar="ID")
@pass_target
def remove(target: Target, webhook_id: str) -> None:
    """Remove a webhook, with its log and what waits for it."""
    with connect(target, administrator=True) as api:
        api.send("DELETE", f"/api/webhooks/{webhook_id}")
    console.notices().print(Text("The webhook is removed."))


@webhooks.command(epilog=EPILOG)
@click.argument("webhook_id", type=WEBHOOK_ID, metavar="ID")
@overlap_option("For how long the old secret signs too.")
@json_option
@pass_target
def rotate(target: Target, webhook_id: str, overlap_hours: int, as_json: bool) -> None:
    """Make a new signing secret. It is shown once."""
    with connect(target, administrator=True) as api:
        made = api.send("POST", f"/api/webhooks/{webhook_id}/rotate", {"overlap_hours": overlap_hours})
    _show_secret(made, as_json)


@webhooks.command(epilog=EPILOG)
@click.argument("webhook_id", type=WEBHOOK_ID, metavar="ID")
@pass_target
def test(target: Target, webhook_id: str) -> None:
    """Send a message that tells nothing; `deliveries` shows what came of it."""
    with connect(target, administrator=True) as api:
        sent = api.send("POST", f"/api/webhooks/{webhook_id}/test")
    rendering.deliveries_table(console.results(), [sent])


@webhooks.command(epilog=EPILOG)
@click.argument("webhook_id", type=WEBHOOK_ID, metavar="ID")
@click.option("--state", type=click.Choice([state.value for state in DeliveryState]))
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True)
@json_option
@pass_target
def deliveries(target: Target, webhook_id: str, state: str | None, limit: int, as_json: bool) -> None:
    """What was sent, newest first, and what came of it."""
    query = {"limit": str(min(limit, 1000)), **({"state": state} if state else {})}
    with connect(target, administrator=True) as api:
        found = list(api.listing(f"/api/webhooks/{webhook_id}/deliveries", query, limit))
    if as_json:
        console.print_json(found)
    else:
        rendering.deliveries_table(console.results(), found)


@webhooks.command(epilog=EPILOG)
@click.argument("webhook_id", type=WEBHOOK_ID, metavar="ID")
@click.argument("delivery_id", type=click.UUID, required=False)
@click.option("--since", type=Moment(), help="Every failed message made since then.")
@pass_target
def replay(target: Target, webhook_id: str, delivery_id: UUID | None, since: str | None) -> None:
    """Send one delivery again, or every one that failed --since a time."""
    if (delivery_id is None) == (since is None):
        raise click.UsageError("Name a delivery, or a time with --since.")
    with connect(target, administrator=True) as api:
        if delivery_id is not None:
            sent = api.send("POST", f"/api/webhooks/{webhook_id}/deliveries/{delivery_id}/replay")
            rendering.deliveries_table(console.results(), [sent])
            return
        done = api.send("POST", f"/api/webhooks/{webhook_id}/replay", {"since": since})
    console.notices().print(Text(f"{one_line(done.get('count'))} messages are sent again."))


def _change(target: Target, webhook_id: str, changes: JsonObject) -> None:
    with connect(target, administrator=True) as api:
        changed = api.send("PATCH", f"/api/webhooks/{webhook_id}", changes)
    rendering.webhooks_table(console.results(), [changed])


def _show_secret(made: JsonObject, as_json: bool) -> None:
    if as_json:
        console.print_json(made)
        return
    rendering.webhooks_table(console.results(), [made])
    console.notices().print(Text("The signing secret; it is not shown again:"))
    console.results().print(Text(one_line(made.get("secret"))), soft_wrap=True)
