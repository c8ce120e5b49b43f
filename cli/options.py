"""What the commands share: the target, the connection to it, and values people type."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import click

from cli.exits import CommandError, Exit, epilog
from cli.http.client import Api, JsonObject
from cli.profile import Target
from cli.sanitise import one_line, plain

F = TypeVar("F", bound=Callable[..., object])

pass_target = click.make_pass_decorator(Target)
EPILOG = epilog()


def json_option(command: F) -> F:
    """``--json`` of a reading command."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")(command)


def overlap_option(what: str) -> Callable[[F], F]:
    """``--overlap-hours`` of a rotation; the API, which has the same limits, has the last word."""
    return click.option(
        "--overlap-hours", type=click.IntRange(0, 7 * 24), default=24, show_default=True, help=what
    )


def connect(target: Target, *, administrator: bool = False) -> Api:
    """The API of the target, with the key that the command needs."""
    return Api(*target.address(administrator=administrator))


def patient_id(api: Api, wanted: str) -> str:
    """The id of a patient given by id or by name; raises CommandError if it is not one alone."""
    try:
        return str(api.document(f"/api/patients/{UUID(wanted)}")["id"])
    except ValueError:
        pass
    name = one_line(wanted).casefold()
    patients = api.listing("/api/patients", {"limit": "1000"})
    found = [patient for patient in patients if one_line(patient.get("name")).casefold() == name]
    if not found:
        raise CommandError(
            f"There is no patient named {wanted}. See `sessionscribe patients list`, or add one with "
            "`sessionscribe patients add`.",
            Exit.NOT_FOUND,
        )
    if len(found) > 1:
        ids = "\n".join(f"  {plain(patient.get('id'))}" for patient in found)
        raise CommandError(f"Several patients are named {wanted}; name one by its id:\n{ids}", Exit.USAGE)
    return str(found[0]["id"])


def patient_names(api: Api) -> dict[str, str]:
    """Names by id; none where the key may not read patients."""
    try:
        patients: list[JsonObject] = list(api.listing("/api/patients", {"limit": "1000"}))
    except CommandError as error:
        if error.exit_code == Exit.NOT_ALLOWED:
            return {}
        raise
    return {str(patient.get("id")): one_line(patient.get("name")) for patient in patients}


class Moment(click.ParamType[str]):
    """A day, or an RFC 3339 time; passed on as written, and read as UTC if it names no zone."""

    name = "date"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Refuse what is not a date."""
        try:
            datetime.fromisoformat(value.upper())
        except ValueError:
            self.fail("must look like 2026-01-31 or 2026-01-31T14:00:00+01:00", param, ctx)
        return value


class SessionId(click.ParamType[str]):
    """The id of a session."""

    name = "session"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Refuse what is not a UUID: it becomes part of an address."""
        try:
            return str(UUID(value))
        except ValueError:
            self.fail("is not a session's id; see `sessionscribe list`", param, ctx)


RECORDING = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
