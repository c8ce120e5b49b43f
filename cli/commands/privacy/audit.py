"""The commands ``audit …``: the audit trail of the practice, and whether it is whole."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, TypeVar
from urllib.parse import urlencode

import click
from rich.text import Text

from cli.exits import CommandError, Exit
from cli.options import EPILOG, Moment, connect, json_option, pass_target
from cli.output import console
from cli.output.tables import table
from cli.profile import Target
from cli.sanitise import one_line
from shared import logs
from shared.db.connection.engine import Database, DatabaseError
from shared.db.queries.privacy.audit_chain import NO_PRACTICE
from shared.domain.errors import Unavailable
from shared.services.audit_trail import anchors, verification
from shared.services.audit_trail.anchors import Anchor
from shared.services.audit_trail.verification import Verdict
from shared.vault import identity
from shared.vault.keystore import KeyStoreError

F = TypeVar("F", bound=Callable[..., object])
_SHOWN = 20


@click.group(epilog=EPILOG, short_help="The audit trail.")
def audit() -> None:
    """The audit trail: who did what with which record."""


_FILTERS = (
    click.option("--person", type=click.UUID, help="Only what this person did."),
    click.option("--patient", type=click.UUID, help="Only lines about this patient and their sessions."),
    click.option("--session", type=click.UUID, help="Only lines about this session."),
    click.option(
        "--key", "key_id", type=click.UUID, help="Only what was done with this key or browser session."
    ),
    click.option("--address", help="Only calls from this address."),
    click.option(
        "--action",
        help="Only this action, such as notes.read. `notes` is every action that begins with notes.",
    ),
    click.option("--since", type=Moment(), help="Only lines from this time on."),
    click.option("--until", type=Moment(), help="Only lines before this time."),
    click.option("--steps", is_flag=True, help="Include what workers did with the steps of sessions."),
)


def _filtered(command: F) -> F:
    """The options that say which lines are wanted."""
    for option in reversed(_FILTERS):
        command = option(command)
    return command


def _query(given: dict[str, Any]) -> dict[str, str]:
    """The options as the API calls them."""
    names = {"person": "person_id", "patient": "patient_id", "session": "session_id"}
    said = {names.get(name, name): value for name, value in given.items() if value not in (None, False)}
    return {name: "true" if value is True else str(value) for name, value in said.items()}


@audit.command("list", epilog=EPILOG)
@_filtered
@click.option(
    "--limit", type=click.IntRange(1), default=100, show_default=True, help="At most so many lines."
)
@json_option
@pass_target
def list_lines(target: Target, /, limit: int, as_json: bool, **given: Any) -> None:
    """List lines of the practice's audit trail, newest first."""
    with connect(target, administrator=True) as api:
        query = {**_query(given), "limit": str(min(limit, 1000))}
        found = list(api.listing("/api/audit", query, limit))
    if as_json:
        console.print_json(found)
        return
    rows = [
        (
            one_line(line.get("at")).replace("T", " ")[:19],
            line.get("name") or line.get("actor"),
            " ".join(one_line(line.get(name)) for name in ("action", "code") if line.get(name)),
            line.get("subject_id") or "",
            line.get("address") or "",
        )
        for line in found
    ]
    table(console.results(), ("At (UTC)", "Who", "What", "Record", "From"), rows, "No such line.")


@audit.command(epilog=EPILOG)
@_filtered
@click.option("--format", "form", type=click.Choice(("ndjson", "csv")), default="ndjson", show_default=True)
@click.option("--to", type=click.File("wb", atomic=True), required=True, help="File to write.")
@pass_target
def export(target: Target, /, form: str, to: BinaryIO, **given: Any) -> None:
    """Write the lines of the practice's audit trail to a file."""
    path = f"/api/audit/export?{urlencode({**_query(given), 'format': form})}"
    with connect(target, administrator=True) as api:
        api.download(path, to, lambda _: None)


@audit.command(epilog=EPILOG)
@click.option(
    "--anchors",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with anchor files. Default: SESSIONSCRIBE_AUDIT_ANCHORS_DIR.",
)
@json_option
@pass_target
def verify(target: Target, folder: Path | None, as_json: bool) -> int:
    """Verify the chains of all practices against the key store and the anchors, on the server itself.

    Names the first line of each practice that was changed, removed, inserted or exchanged. Exit code 1 if
    anything is wrong.
    """
    from cli.local import deployment  # needed on the server alone, like the drivers behind it

    known = deployment.find(target.data).settings
    logs.configure("audit", "ERROR")  # or what is logged stands between the results
    folder = folder or known.audit_anchors_dir
    database = Database(known.database_url, pool_size=1)
    try:
        secret = identity.chain_key(known.keys_dir)
        found = list(verification.verify(database, secret, _anchors(folder)))
    except (KeyStoreError, ValueError) as error:
        raise CommandError(str(error), Exit.FAILED) from None
    except (Unavailable, DatabaseError):
        raise CommandError("The database or the key store is away.", Exit.UNAVAILABLE) from None
    finally:
        database.close()
    _show(found, is_anchored=folder is not None, as_json=as_json)
    return Exit.FAILED if any(verdict.breaks for verdict in found) else Exit.OK


def _anchors(folder: Path | None) -> Iterator[Anchor]:
    if folder is not None:
        yield from anchors.read(folder)


def _show(found: list[Verdict], *, is_anchored: bool, as_json: bool) -> None:
    if as_json:
        console.print_json([_as_json(verdict) for verdict in found])
        return
    rows = [
        (
            _name(verdict),
            verdict.lines,
            verdict.waiting,
            verdict.anchors,
            verdict.breaks[0].words if verdict.breaks else "whole",
        )
        for verdict in found
    ]
    headings = ("Practice", "Lines", "Waiting", "Anchors", "Found")
    table(console.results(), headings, rows, "There are no lines.")
    for verdict in found:
        if verdict.removed_before is not None:
            said = f"{verdict.removed_lines} lines before {verdict.removed_before:%Y-%m-%d} were removed by"
            console.results().print(Text(f"  {_name(verdict)}: {said} the practice's rule."), soft_wrap=True)
        for item in verdict.breaks[1:_SHOWN]:
            console.results().print(Text(f"  {_name(verdict)}: {item.words}"), soft_wrap=True)
        if len(verdict.breaks) > _SHOWN:
            more = len(verdict.breaks) - _SHOWN
            console.results().print(Text(f"  {_name(verdict)}: {more} more"), soft_wrap=True)
    if not is_anchored:
        said = "Without anchors nothing shows that the end was cut off, or an older database restored."
        console.notices().print(Text(f"{said} Set SESSIONSCRIBE_AUDIT_ANCHORS_DIR."), soft_wrap=True)


def _name(verdict: Verdict) -> str:
    return "none" if verdict.practice_id == NO_PRACTICE else str(verdict.practice_id)


def _as_json(verdict: Verdict) -> dict[str, object]:
    return {
        "practice_id": None if verdict.practice_id == NO_PRACTICE else str(verdict.practice_id),
        "lines": verdict.lines,
        "batches": verdict.batches,
        "waiting": verdict.waiting,
        "anchors": verdict.anchors,
        "removed_lines": verdict.removed_lines,
        "removed_before": verdict.removed_before.isoformat() if verdict.removed_before else None,
        "breaks": [
            {"kind": item.kind, "batch": item.batch, "event_id": item.event_id} for item in verdict.breaks
        ],
    }
