"""The commands of ``sessionscribe``, and what becomes of their errors."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click
from click.core import ParameterSource

from cli.commands.keys import keys
from cli.commands.operations.backup import backup, restore
from cli.commands.operations.demo import demo
from cli.commands.operations.doctor import doctor
from cli.commands.operations.engines import engines
from cli.commands.operations.models import models
from cli.commands.operations.reconcile import reconcile
from cli.commands.operations.sandbox import sandbox
from cli.commands.operations.server import break_glass, recover, setup, up
from cli.commands.operations.vault import vault
from cli.commands.privacy.audit import audit
from cli.commands.privacy.consents import consents
from cli.commands.privacy.emergency import emergency
from cli.commands.privacy.holds import holds
from cli.commands.privacy.incident import incident
from cli.commands.privacy.report import privacy
from cli.commands.privacy.retention import retention
from cli.commands.privacy.rights import rights
from cli.commands.privacy.supervision import supervision
from cli.commands.privacy.verify import verify
from cli.commands.recordings.audio import audio
from cli.commands.recordings.cancel_delete import cancel, delete
from cli.commands.recordings.corrections import correct
from cli.commands.recordings.history import history
from cli.commands.recordings.off_record import off_the_record
from cli.commands.recordings.sessions import extract_notes, list_sessions, retry, show
from cli.commands.recordings.speakers import speakers
from cli.commands.recordings.unfinished import unfinished
from cli.commands.recordings.uploads import upload
from cli.commands.recordings.vocabulary import vocabulary
from cli.commands.records.alerts import risk
from cli.commands.records.notes import notes
from cli.commands.records.patients import patients
from cli.commands.therapists import therapists
from cli.commands.webhooks import webhooks
from cli.exits import CommandError, Exit, reason
from cli.options import EPILOG
from cli.profile import Target


@click.group(epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--url",
    envvar="SESSIONSCRIBE_URL",
    show_envvar=True,
    help="Address of the server. Default: the stack in --data.",
)
@click.option(
    "--key",
    envvar="SESSIONSCRIBE_API_KEY",
    show_envvar=True,
    help="The API key. Better in the environment: others on this machine can see command lines.",
)
@click.option(
    "--data",
    envvar="SESSIONSCRIBE_DATA",
    show_envvar=True,
    default="data",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="The data folder of the stack on this machine.",
)
@click.version_option(package_name="sessionscribe")
@click.pass_context
def cli(context: click.Context, url: str | None, key: str | None, data: Path) -> None:
    """Transcripts and clinical notes of therapy sessions, each sentence with the words it came from."""
    typed = context.get_parameter_source("key") is ParameterSource.COMMANDLINE
    context.obj = Target(data, url or None, key or None, "--key" if typed else "SESSIONSCRIBE_API_KEY")


for command in (
    up,
    setup,
    recover,
    break_glass,
    doctor,
    models,
    backup,
    restore,
    vault,
    demo,
    sandbox,
    keys,
    therapists,
    webhooks,
    patients,
    consents,
    rights,
    emergency,
    supervision,
    engines,
    upload,
    unfinished,
    list_sessions,
    show,
    audio,
    retry,
    extract_notes,
    notes,
    risk,
    speakers,
    correct,
    vocabulary,
    off_the_record,
    cancel,
    delete,
    history,
    holds,
    retention,
    reconcile,
    audit,
    verify,
    incident,
    privacy,
):
    cli.add_command(command)


def run(arguments: Sequence[str]) -> int:
    """Run one command; gives its exit code."""
    try:
        code = cli.main(list(arguments), prog_name="sessionscribe", standalone_mode=False)
        sys.stdout.flush()  # a full disk shows here, where it can still be said
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return Exit.INTERRUPTED
    except BrokenPipeError:  # the reader (`| head`) has seen enough
        _forget_output()
        return Exit.OK
    except OSError as error:
        _forget_output()
        CommandError(reason(error), Exit.FAILED).show()
        return Exit.FAILED
    return code if isinstance(code, int) else Exit.OK


def _forget_output() -> None:
    """What could not be written is not tried again by the flush at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
