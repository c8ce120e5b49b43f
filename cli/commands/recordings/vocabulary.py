"""The commands ``vocabulary …``: words that a therapist's recordings are to expect."""

import click
from rich.text import Text

from cli.http.client import JsonObject
from cli.options import EPILOG, connect, json_option, pass_target
from cli.output import console
from cli.output.tables import table
from cli.profile import Target
from cli.sanitise import one_line

_PATH = "/api/vocabulary"


@click.group(epilog=EPILOG, short_help="Words that your recordings are to expect.")
def vocabulary() -> None:
    """Words that your recordings are to expect, and words that you corrected twice."""


@vocabulary.command(epilog=EPILOG)
@json_option
@pass_target
def show(target: Target, as_json: bool) -> None:
    """Show your words, and the words that you corrected twice in the same way."""
    with connect(target) as api:
        _print(api.document(_PATH), as_json)


@vocabulary.command("set", epilog=EPILOG)
@click.argument("words", nargs=-1)
@click.option("--no-words", is_flag=True, help="Remove all your own words.")
@json_option
@pass_target
def set_words(target: Target, words: tuple[str, ...], no_words: bool, as_json: bool) -> None:
    """Expect WORDS, in place of your words so far."""
    if bool(words) == no_words:
        raise click.UsageError("Give WORDS, or --no-words.")
    with connect(target) as api:
        _print(api.send("PUT", _PATH, {"words": list(words)}), as_json)


@vocabulary.command(epilog=EPILOG)
@click.argument("offer")
@json_option
@pass_target
def accept(target: Target, offer: str, as_json: bool) -> None:
    """Expect an offered word from now on. OFFER is its id."""
    _answer(target, offer, accepted=True, as_json=as_json)


@vocabulary.command(epilog=EPILOG)
@click.argument("offer")
@json_option
@pass_target
def dismiss(target: Target, offer: str, as_json: bool) -> None:
    """Do not offer a word again. OFFER is its id."""
    _answer(target, offer, accepted=False, as_json=as_json)


def _answer(target: Target, offer: str, *, accepted: bool, as_json: bool) -> None:
    with connect(target) as api:
        _print(api.send("POST", f"{_PATH}/answers", {"offer": offer, "accept": accepted}), as_json)


def _print(found: JsonObject, as_json: bool) -> None:
    if as_json:
        console.print_json(found)
        return
    for name, key in (("your words", "words"), ("the practice's", "practice")):
        words = ", ".join(map(one_line, found.get(key) or [])) or "none"
        console.results().print(Text(f"{name}: {words}"))
    rows = [
        (one_line(one.get("id")), one_line(one.get("heard")), one_line(one.get("word")), one.get("times"))
        for one in found.get("offers") or ()
    ]
    table(console.results(), ("Offer", "Heard", "You wrote", "Times"), rows, "No word is offered.")
