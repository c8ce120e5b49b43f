"""The command ``vault``: what the key store holds, on the machine of the service itself.

What it needs is imported when it runs; see ``cli.commands.operations.server``.
"""

import time
from typing import TYPE_CHECKING
from uuid import UUID

import click
from rich.text import Text

from cli.exits import CommandError, Exit
from cli.options import EPILOG, json_option, pass_target
from cli.output import console
from cli.output.tables import table
from cli.profile import Target

_SECONDS_BETWEEN_LINES = 3.0

if TYPE_CHECKING:
    from shared.services.subject_keys.run import Progress
    from shared.vault.census import Census
    from shared.vault.rotation import Rotated


@click.group(epilog=EPILOG)
def vault() -> None:
    """Look at the key store and rotate its keys.

    Run it on the server: of SESSIONSCRIBE_KEYS_DIR, or of the stack in --data.
    """


@vault.command(epilog=EPILOG)
@json_option
@pass_target
def status(target: Target, as_json: bool) -> None:
    """Count the keys under each version, and those that a rotation has left."""
    from cli.local import key_store

    found, subjects = key_store.census(target.data), key_store.subjects_left(target.data)
    if as_json:
        console.print_json(_document(found, subjects))
        return
    rows = [
        (kind, f"{above}, version {version}", count)
        for kind, above, counts in (
            ("practices", "root key", found.practices),
            ("subjects", "practice's key", found.subjects),
        )
        for version, count in sorted(counts.items())
    ]
    table(console.results(), ("Keys of", "Under", "Count"), rows, "There are no keys yet.")
    protection = "opens only with a secret" if found.root_is_protected else "lies here unprotected"
    console.notices().print(Text(f"The root key is version {found.root_version} and {protection}."))
    if len(found.peppers) > 1:
        console.notices().print(Text("The pepper is being rotated: vault rotate pepper --end ends that."))
    for name in found.damaged:
        console.notices().print(Text(f"{name} is damaged: restore it from a backup of the keys."))
    if found.is_rotating:
        console.notices().print(Text(f"A rotation has not ended; {found.left} keys are left. Run it again."))
    if subjects is None:
        console.notices().print(Text("The database does not say whether subjects' keys are being rotated."))
    elif subjects[0]:
        console.notices().print(
            Text(
                f"{subjects[0]} keys of subjects are being rotated; of {subjects[1]} all is sealed anew. "
                "If no vault rotate subject runs, run it again."
            )
        )


def _document(found: "Census", subjects: tuple[int, int] | None) -> dict[str, object]:
    return {
        "root_version": found.root_version,
        "root_is_protected": found.root_is_protected,
        "pepper_versions": list(found.peppers),
        "practices": [{"version": v, "count": n} for v, n in sorted(found.practices.items())],
        "subjects": [{"version": v, "count": n} for v, n in sorted(found.subjects.items())],
        "left": {"practices": found.practices_left, "subjects": found.subjects_left},
        "rotating": {"root": found.root_is_rotating, "practices": [str(one) for one in found.rotating]},
        "subjects_rotating": subjects and {"left": subjects[0], "sealed_anew": subjects[1]},
        "damaged": list(found.damaged),
    }


@vault.group(epilog=EPILOG)
def rotate() -> None:
    """Replace a key by a new version, while everything goes on.

    The old version is kept until everything under the new one was read back. What was interrupted is run
    again. Every process must run this release.
    """


@rotate.command("root", epilog=EPILOG)
@pass_target
def rotate_root(target: Target) -> None:
    """Make a new root key and wrap the practices' keys under it."""
    from cli.local import key_store

    _told("root key", key_store.rotate_root(target.data), "practices")


@rotate.command("practice", epilog=EPILOG)
@click.argument("practice_id", type=click.UUID, metavar="ID")
@pass_target
def rotate_practice(target: Target, practice_id: UUID) -> None:
    """Make a new key of a practice and wrap its subjects' keys under it."""
    from cli.local import key_store

    _told("practice's key", key_store.rotate_practice(target.data, practice_id), "subjects")


@rotate.command("subject", epilog=EPILOG)
@click.option(
    "--patient",
    type=click.UUID,
    metavar="ID",
    help="Rotate only this patient's keys, including all sessions.",
)
@click.option(
    "--practice",
    type=click.UUID,
    metavar="ID",
    help="Rotate only this practice's keys. Default: all practices.",
)
@pass_target
def rotate_subject(target: Target, patient: UUID | None, practice: UUID | None) -> None:
    """Make new keys of patients, sessions and all else, and seal anew what the former ones sealed.

    The former keys open what was read before for 90 seconds more, and are destroyed. Sessions that are worked
    on, and uploads that have not ended, are waited for: five minutes, if nothing else is left. Older backups
    of the data open with the keys that were backed up with them, and with no others.
    """
    if patient and practice:
        raise click.UsageError("Name a patient or a practice, not both.")
    from cli.local import key_store

    progress = key_store.rotate_subjects(target.data, patient, practice, _Teller())
    left, waiting = (sum(getattr(one, name) for one in progress) for name in ("left", "waiting"))
    unreadable = [str(subject) for one in progress for subject in one.unreadable]
    if unreadable:
        console.notices().print(
            Text(
                f"Something of {', '.join(unreadable)} does not open. Their former keys stay. Restore it, or "
                "the key that sealed it, from a backup; then run this again."
            )
        )
    if left:
        raise CommandError(
            f"{left} keys are left; {waiting} belong to what is worked on, or could not be reached. Run this "
            "again later: nothing is lost, and both versions open what they sealed.",
            Exit.FAILED,
        )
    ended = sum(one.total for one in progress)
    console.results().print(
        Text(
            f"{ended} keys have a new version. All that they sealed is sealed anew; the former ones are gone."
        )
    )


class _Teller:
    """Says how far a rotation is, every few seconds."""

    def __init__(self) -> None:
        self._said_at = 0.0

    def __call__(self, progress: "Progress") -> None:
        if time.monotonic() - self._said_at < _SECONDS_BETWEEN_LINES:
            return
        self._said_at = time.monotonic()
        console.notices().print(
            Text(
                f"{progress.total} keys: {progress.sealed} sealed anew, {progress.ended} ended, "
                f"{progress.waiting} wait."
            )
        )


@rotate.command("pepper", epilog=EPILOG)
@click.option("--end", is_flag=True, help="Remove the former pepper, once no API key needs it.")
@pass_target
def rotate_pepper(target: Target, end: bool) -> None:
    """Make a new pepper, which goes into the digests of API keys and codes.

    Everybody is signed out; invitations, enrolment codes and recovery codes end. API keys work on, and move
    to the new pepper when they are used.
    """
    from cli.local import key_store

    if end:
        key_store.end_pepper_rotation(target.data)
        console.results().print(Text("The former pepper is gone."))
        return
    left = key_store.rotate_pepper(target.data)
    console.results().print(
        Text(f"There is a new pepper; {left} API keys are under the former. Later: --end, which removes it.")
    )


def _told(what: str, done: "Rotated", below: str) -> None:
    console.results().print(
        Text(f"The {what} is version {done.version}. The keys of {done.count} {below} are under it.")
    )
