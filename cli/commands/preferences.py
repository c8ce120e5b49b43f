"""The command ``preferences``: how you like the pages."""

import click
from rich.text import Text

from cli.options import EPILOG, connect, json_option, pass_target
from cli.output import console
from cli.profile import Target
from cli.sanitise import one_line

_PATH = "/api/preferences"


@click.command(epilog=EPILOG, short_help="Theme of the pages, and speed of playback.")
@click.option("--theme", type=click.Choice(["system", "light", "dark"]), help="Default: what it was.")
@click.option(
    "--speed", type=float, help="0.5 to 3 in the player's steps, such as 1.25. Default: what it was."
)
@json_option
@pass_target
def preferences(target: Target, theme: str | None, speed: float | None, as_json: bool) -> None:
    """Show the theme of your pages and how fast recordings play; with options, change them."""
    wanted = {"theme": theme, "playback_speed": speed}
    changes = {name: value for name, value in wanted.items() if value is not None}
    with connect(target) as api:
        found = api.send("PATCH", _PATH, changes) if changes else api.document(_PATH)
    if as_json:
        console.print_json(found)
        return
    for name, key in (("theme", "theme"), ("speed", "playback_speed")):
        console.results().print(Text(f"{name}: {one_line(found.get(key))}"))
