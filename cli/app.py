"""The commands of ``sessionscribe``, and what becomes of their errors."""

import os
import sys
from collections.abc import Iterator, MutableMapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import click
from click.core import ParameterSource

from cli.exits import CommandError, Exit, reason
from cli.options import EPILOG
from cli.profile import Target


@dataclass(frozen=True, slots=True)
class _Entry:
    """Where a command is: a module of ``cli.commands`` and a name in it; and its line in the help."""

    module: str
    name: str
    help: str


# A command's module is imported only when the command is called: most bring the database or a client with
# them, which takes longer than all that the others do.
COMMANDS = {
    "audio": _Entry("recordings.audio", "audio", "Fetch the recording of a session, as it was uploaded."),
    "audit": _Entry("privacy.audit", "audit", "The audit trail."),
    "backup": _Entry("operations.backup", "backup", "Back up database, recordings and keys."),
    "break-glass": _Entry("operations.server", "break_glass", "Print a code for an emergency administrator."),
    "cancel": _Entry("recordings.cancel_delete", "cancel", "Stop the work on a session for good."),
    "consents": _Entry("privacy.consents", "consents", "The history of consent, by scope and participant."),
    "correct": _Entry(
        "recordings.corrections", "correct", "Correct the words of a segment, or list the corrections."
    ),
    "delete": _Entry("recordings.cancel_delete", "delete", "Delete a session with all that is in it."),
    "demo": _Entry("operations.demo", "demo", "Take a sample recording through to notes."),
    "doctor": _Entry("operations.doctor", "doctor", "Examine a deployment; change nothing."),
    "emergency": _Entry("privacy.emergency", "emergency", "Emergency access to a colleague's patient."),
    "engines": _Entry("operations.engines", "engines", "The practice's speech engines."),
    "extract-notes": _Entry(
        "recordings.sessions", "extract_notes", "Make the notes again from the stored transcript."
    ),
    "history": _Entry("recordings.history", "history", "Show each attempt of a session's steps."),
    "holds": _Entry("privacy.holds", "holds", "Legal holds: what must not be deleted."),
    "incident": _Entry("privacy.incident", "incident", "Report what a key, a person or an address did."),
    "keys": _Entry("keys", "keys", "API keys."),
    "list": _Entry("recordings.sessions", "list_sessions", "List sessions, newest first."),
    "models": _Entry("operations.models", "models", "Speech models on this machine."),
    "notes": _Entry("records.notes", "notes", "Read, edit, sign and export notes."),
    "off-the-record": _Entry(
        "recordings.off_record", "off_the_record", "Take stretches out of a session for good."
    ),
    "patients": _Entry("records.patients", "patients", "Patients, and their consent to be recorded."),
    "preferences": _Entry("preferences", "preferences", "Theme of the pages, and speed of playback."),
    "privacy": _Entry("privacy.report", "privacy", "Records of processing."),
    "reconcile": _Entry("operations.reconcile", "reconcile", "Compare rows, stored objects and keys."),
    "recover": _Entry("operations.server", "recover", "Print an enrolment code for lost keys."),
    "restore": _Entry("operations.backup", "restore", "Restore a backup into an empty deployment."),
    "retention": _Entry("privacy.retention", "retention", "How long records are kept."),
    "retry": _Entry("recordings.sessions", "retry", "Let a failed session go on from the step that failed."),
    "rights": _Entry("privacy.rights", "rights", "Requests of patients: a copy, an amendment."),
    "risk": _Entry("records.alerts", "risk", "Grave findings that a clinician must acknowledge."),
    "sandbox": _Entry(
        "operations.sandbox", "sandbox", "Fill the practice with invented sessions, for trying it."
    ),
    "setup": _Entry("operations.server", "setup", "Set up a deployment of your own."),
    "show": _Entry("recordings.sessions", "show", "Show a session with its transcript and its notes."),
    "speakers": _Entry(
        "recordings.speakers", "speakers", "Show who spoke; with options, correct it everywhere."
    ),
    "supervision": _Entry(
        "privacy.supervision", "supervision", "Sessions that a supervisor hears and reads."
    ),
    "therapists": _Entry("therapists", "therapists", "The people of the practice."),
    "unfinished": _Entry(
        "recordings.unfinished", "unfinished", "Uploads that are not whole, and unsaved edits."
    ),
    "up": _Entry("operations.server", "up", "Run everything on this machine."),
    "upload": _Entry("recordings.uploads", "upload", "Upload recordings of a patient."),
    "vault": _Entry("operations.vault", "vault", "Look at the key store and rotate its keys."),
    "verify": _Entry("privacy.verify", "verify", "Check the signature of a receipt."),
    "vocabulary": _Entry("recordings.vocabulary", "vocabulary", "Words that your recordings are to expect."),
    "webhooks": _Entry("webhooks", "webhooks", "Addresses that receive events."),
}


class _OnDemand(MutableMapping[str, click.Command]):
    """The commands by name, each imported when it is asked for."""

    def __getitem__(self, name: str) -> click.Command:
        entry = COMMANDS[name]
        command: click.Command = getattr(import_module(f"cli.commands.{entry.module}"), entry.name)
        return command

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)

    def __setitem__(self, name: str, command: click.Command) -> None:
        raise TypeError("Commands are listed in COMMANDS.")

    def __delitem__(self, name: str) -> None:
        raise TypeError("Commands are listed in COMMANDS.")


class _Program(click.Group):
    """The program: its help is written without importing a command."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in sorted(COMMANDS.items())])


@click.group(cls=_Program, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
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


cli.commands = _OnDemand()


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
