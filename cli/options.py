"""What the commands share: the target, the connection to it, and values people type."""

import re
import sys
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import click

from cli.exits import CommandError, Exit, epilog
from cli.http.client import Api, JsonObject
from cli.output.tables import SHORT_ID
from cli.profile import Target
from cli.sanitise import one_line

F = TypeVar("F", bound=Callable[..., object])

pass_target = click.make_pass_decorator(Target)
EPILOG = epilog()
PREFIX = re.compile(r"[0-9a-f]{4}[0-9a-f-]{0,32}")
MOST_AHEAD = timedelta(days=2)  # zones are up to 14 hours ahead, and clocks may be wrong


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


def confirm(question: str, *, yes: bool) -> None:
    """Ask on the terminal unless ``yes``; without a terminal the command line must say it."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("This asks for a confirmation, and there is no terminal. Add --yes.")
    click.confirm(question, abort=True, err=True)


def _patients_meant(patients: list[JsonObject], wanted: str) -> list[JsonObject]:
    """Those with this name, else those whose id begins so."""
    named = [patient for patient in patients if one_line(patient.get("name")).casefold() == wanted]
    if named or not PREFIX.fullmatch(wanted):
        return named
    return [patient for patient in patients if str(patient.get("id")).startswith(wanted)]


def patient_id(api: Api, wanted: str) -> str:
    """The id of a patient given by id, name or beginning of the id; raises CommandError unless it is one."""
    try:
        return str(api.document(f"/api/patients/{UUID(wanted)}")["id"])
    except ValueError:
        pass
    found = _patients_meant(
        list(api.listing("/api/patients", {"limit": "1000"})), one_line(wanted).casefold()
    )
    if not found:
        raise CommandError(
            f"There is no patient named {wanted}. See `sessionscribe patients list`, or add one with "
            "`sessionscribe patients add`.",
            Exit.NOT_FOUND,
        )
    if len(found) > 1:
        lines = "\n".join(
            f"  {one_line(one.get('id'))}  added {one_line(one.get('created_at'))[:10]}" for one in found
        )
        raise CommandError(f"{wanted} could be several patients; name one by its id:\n{lines}", Exit.USAGE)
    return str(found[0]["id"])


def patient_names(api: Api) -> dict[str, str]:
    """Names by id, equal ones with the beginning of their id; none where the key may not read patients."""
    try:
        patients: list[JsonObject] = list(api.listing("/api/patients", {"limit": "1000"}))
    except CommandError as error:
        if error.exit_code == Exit.NOT_ALLOWED:
            return {}
        raise
    names = {str(patient.get("id")): one_line(patient.get("name")) for patient in patients}
    times = Counter(name.casefold() for name in names.values())
    return {
        identity: f"{name} ({identity[:SHORT_ID]})" if times[name.casefold()] > 1 else name
        for identity, name in names.items()
    }


class Moment(click.ParamType[str]):
    """A day, or an RFC 3339 time, that has come; passed on as written. Without a zone it is UTC."""

    name = "date"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Refuse what is not a date, and one that is still to come."""
        try:
            found = datetime.fromisoformat(value.upper())
        except ValueError:
            self.fail("must look like 2026-01-31 or 2026-01-31T14:00:00+01:00", param, ctx)
        if found.astimezone() > datetime.now().astimezone() + MOST_AHEAD:
            self.fail(f"{value} is still to come; is the year right?", param, ctx)
        return value


class RecordId(click.ParamType[str]):
    """The id of a record, whole or a beginning of it that no other record has."""

    def __init__(self, name: str, path: str, listed_by: str, *, administrator: bool = False) -> None:
        """``path`` lists the records; ``listed_by`` is the command that does."""
        self.name = name
        self._path, self._listed_by, self._administrator = path, listed_by, administrator

    def _every(self, target: Target) -> list[str]:
        query = {} if self._administrator else {"limit": "1000"}
        with connect(target, administrator=self._administrator) as api:
            return [str(one.get("id")) for one in api.listing(self._path, query)]

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The whole id; raises CommandError where a beginning is of none or of several."""
        try:
            return str(UUID(value))
        except ValueError:
            pass
        target = ctx.find_object(Target) if ctx else None
        if target is None or not PREFIX.fullmatch(value.lower()):
            self.fail(f"is not the id of a {self.name}; see `sessionscribe {self._listed_by}`", param, ctx)
        found = [one for one in self._every(target) if one.startswith(value.lower())]
        if not found:
            raise CommandError(
                f"No {self.name} has an id that begins with {value}. See `sessionscribe {self._listed_by}`.",
                Exit.NOT_FOUND,
            )
        if len(found) > 1:
            ids = "\n".join(f"  {one}" for one in found[:10])
            raise CommandError(
                f"Several ids of a {self.name} begin with {value}; type more:\n{ids}", Exit.USAGE
            )
        return found[0]


SESSION_ID = RecordId("session", "/api/sessions/", "list")
ALERT_ID = RecordId("risk alert", "/api/risk-alerts", "risk list")
KEY_ID = RecordId("key", "/api/keys", "keys list", administrator=True)
THERAPIST_ID = RecordId("therapist", "/api/therapists", "therapists list", administrator=True)
WEBHOOK_ID = RecordId("webhook", "/api/webhooks", "webhooks list", administrator=True)

RECORDING = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
