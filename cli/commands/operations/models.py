"""The commands ``models …``: the speech models that this machine has, and how it gets others."""

import os
from pathlib import Path

import click
from rich.text import Text

from cli.exits import CommandError, Exit
from cli.options import EPILOG, json_option, pass_target
from cli.output import console
from cli.output.progress import Display, display
from cli.profile import Target
from shared.speech_models import folders
from shared.speech_models.catalogue import DEFAULT_MODEL, HUB, MODELS, SpeechModel

MODELS_DIR = "SESSIONSCRIBE_MODELS_DIR"


@click.group(epilog=EPILOG, short_help="Speech models on this machine.")
def models() -> None:
    """Speech models on this machine (run on the server; no key needed)."""


@models.command("list", epilog=EPILOG)
@json_option
@pass_target
def list_models(target: Target, as_json: bool) -> None:
    """List the models that can be fetched, and where those lie that are here."""
    found = [(model, folders.find(model.name, models_dir(target))) for model in MODELS.values()]
    if as_json:
        console.print_json([_as_json(model, folder) for model, folder in found])
        return
    for model, folder in found:
        languages = "English" if model.language == "en" else "many languages"
        line = f"{model.name:<16} {model.megabytes:>5} MB  {languages:<15} {folder or 'not here'}"
        console.results().print(Text(line), soft_wrap=True)


@models.command(epilog=EPILOG)
@click.argument("name", type=click.Choice(list(MODELS)))
@click.option(
    "--from",
    "source",
    envvar="SESSIONSCRIBE_MODELS_FROM",
    show_envvar=True,
    default=HUB,
    show_default=True,
    help="The hub, a mirror with the hub's paths, or a folder that holds the files or NAME/ with them.",
)
@pass_target
def fetch(target: Target, name: str, source: str) -> None:
    """Fetch a model, verify each file by its SHA-256, and print its folder.

    An interrupted download goes on where it was when the command is run again.
    """
    from shared.speech_models import fetching

    model, shown_files = MODELS[name], set[str]()
    with display(console.notices()) as shown:

        def report(file: str, done: int, total: int | None) -> None:
            if file not in shown_files:
                shown_files.add(file)
                shown.begin(file, total)
            _reach(shown, file, done, total)

        try:
            folder = fetching.fetch(model, models_dir(target), source, report)
        except fetching.FetchFailed as failure:
            raise CommandError(str(failure), Exit.FAILED) from failure
    console.results().print(Text(str(folder)), soft_wrap=True)


@models.command(epilog=EPILOG)
@click.argument("name", type=click.Choice(list(MODELS)), default=DEFAULT_MODEL)
@pass_target
def path(target: Target, name: str) -> None:
    """Print the folder of a model that is here, after its files are verified."""
    folder = folders.find(name, models_dir(target))
    if folder is None:
        raise CommandError(
            f"{name} is not on this machine. Fetch it: sessionscribe models fetch {name}", Exit.FAILED
        )
    if wrong := folders.problems(MODELS[name], folder):
        raise CommandError(
            f"{', '.join(wrong)} in {folder} are not those of {name} (another SHA-256). Fetch it anew: "
            f"sessionscribe models fetch {name}",
            Exit.FAILED,
        )
    console.results().print(Text(str(folder)), soft_wrap=True)


def models_dir(target: Target) -> Path:
    """Where fetched models lie: the setting, else beside the stack's other data."""
    own = os.environ.get(MODELS_DIR)
    return Path(own) if own else target.data.resolve() / "models"


def _reach(shown: Display, file: str, done: int, total: int | None) -> None:
    shown.reach(file, done)
    if done == total:
        shown.finish(file)


def _as_json(model: SpeechModel, folder: Path | None) -> dict[str, object]:
    return {
        "name": model.name,
        "megabytes": model.megabytes,
        "language": model.language,
        "repository": model.repository,
        "revision": model.revision,
        "files": model.files,
        "folder": str(folder) if folder else None,
    }
