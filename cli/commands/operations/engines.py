"""The commands ``engines …``: how the practice wants its recordings transcribed."""

import click
from rich.text import Text

from cli.exits import CommandError, Exit
from cli.http.client import JsonObject
from cli.options import EPILOG, connect, json_option, pass_target
from cli.output import console
from cli.output.rendering import moment
from cli.profile import Target
from cli.sanitise import one_line

_PATH = "/api/practice/engines"


@click.group(epilog=EPILOG, short_help="The practice's speech engines.")
def engines() -> None:
    """The speech engines of the practice (needs the administrator's key)."""


@engines.command(epilog=EPILOG)
@json_option
@pass_target
def show(target: Target, as_json: bool) -> None:
    """Show what the practice chose, and what this server offers."""
    with connect(target, administrator=True) as api:
        _print(api.document(_PATH), as_json)


@engines.command("set", epilog=EPILOG)
@click.option("--transcriber", metavar="NAME", help="The engine; `usual` for the server's own choice.")
@click.option("--word", "words", multiple=True, help="A word to expect, in place of those there are; repeat.")
@click.option("--no-words", is_flag=True, help="Expect no words.")
@click.option(
    "--allow-away/--forbid-away",
    "away",
    default=None,
    help="Whether recordings and transcripts may be sent to other organisations' computers.",
)
@json_option
@pass_target
def set_engines(
    target: Target,
    transcriber: str | None,
    words: tuple[str, ...],
    no_words: bool,
    away: bool | None,
    as_json: bool,
) -> None:
    """Change what the practice chose."""
    changes: JsonObject = {}
    if transcriber:
        changes["transcriber"] = None if transcriber == "usual" else transcriber
    if words or no_words:
        changes["vocabulary"] = list(words)
    if away is not None:
        changes["away_allowed"] = away
    if not changes:
        raise CommandError(
            "Name at least one option to change. See `sessionscribe engines set --help`.", Exit.USAGE
        )
    with connect(target, administrator=True) as api:
        _print(api.send("PATCH", _PATH, changes), as_json)


def _print(found: JsonObject, as_json: bool) -> None:
    if as_json:
        console.print_json(found)
        return
    usual = one_line(found.get("usual"))
    away = found.get("sends_away") or []
    lines = [
        f"transcriber: {one_line(found.get('transcriber')) or f'{usual} (usual)'}",
        f"offered: {', '.join(map(one_line, found.get('offered') or []))}",
        f"of those, to computers of others: {', '.join(map(one_line, away)) or 'none'}",
        f"words to expect: {', '.join(map(one_line, found.get('vocabulary') or [])) or 'none'}",
        "recordings may leave: "
        + (f"since {moment(found.get('away_allowed_at'))}" if found.get("away_allowed") else "no"),
    ]
    console.results().print(Text("\n".join(lines)))
