"""The embedded stack in the foreground, and what a person needs to know of it."""

import os
import shlex
import time
from collections.abc import Mapping
from pathlib import Path

import httpx2
from rich.console import Console
from rich.text import Text

from cli.exits import CommandError, Exit, reason
from cli.invocation import command
from cli.profile import CODE_FILE
from embedded import ports, state
from embedded import stack as embedded_stack
from embedded.envfile import EnvFileError, read_env_file
from embedded.procfile import ProcfileError
from embedded.server import EmbeddedServerError
from embedded.stack import FLOWER, FLOWER_PASSWORD_FILE, FLOWER_USER, WEB, Stack
from embedded.state import AlreadyRunning, StackStatus
from embedded.supervisor import StartFailed
from shared import logs, settings

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 120.0
POLL_SECONDS = 0.1
# gunicorn takes connections as soon as it listens, and its children answer them once they have loaded the
# service: half a minute later on a machine that has too much to do.
READYZ_SECONDS = 90.0
WHAT_TO_DO = {
    "broker": "Redis does not answer: recordings are accepted, but nothing works on them. Check REDIS_URL.",
    "keys": "The key store is not this database's. Check SESSIONSCRIBE_KEYS_DIR, or restore the keys.",
    "database": "Postgres does not answer. Check DATABASE_URL.",
    "storage": "Recordings cannot be stored. Check STORAGE_URL, the disk and the rights on the folder.",
}
DEFAULT_DATA = Path("data")
RELEASE_LINE = "release: python -m cli.local.prepare"


def run(data: Path, console: Console) -> None:
    """Run the stack until it is told to stop; if one runs on ``data`` already, say where it is.

    Raises CommandError.
    """
    logs.configure("stack", "WARNING")
    try:
        _stack(data).run(lambda status: print_addresses(console, data, status))
    except AlreadyRunning:
        status = wait_until_ready(data)
        console.print(Text("Already running."))
        print_addresses(console, data, status)
    except (StartFailed, EmbeddedServerError, ProcfileError, EnvFileError) as error:
        raise CommandError(f"The stack could not start: {error}", Exit.FAILED) from error
    except OSError as error:
        raise CommandError(f"The stack could not start: {reason(error)}", Exit.FAILED) from error


def wait_until_ready(data: Path, seconds: float = READY_SECONDS) -> StackStatus:
    """The stack of another process, once it takes requests; raises CommandError after ``seconds``."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        status = state.status(data)
        if status and status.ready:
            return status
        time.sleep(POLL_SECONDS)
    raise CommandError(
        f"A stack holds {data} but is not ready after {seconds:.0f} s; see {data / 'logs'}.", Exit.UNAVAILABLE
    )


def print_addresses(console: Console, data: Path, status: StackStatus) -> None:
    """Where everything is and what to do next."""
    api = status.addresses.get(WEB, "")
    program = command()
    if data.resolve() != DEFAULT_DATA.resolve():
        program += f" --data {shlex.quote(str(data.resolve()))}"
    # By this name, not by its number: browsers tie passkeys to a host name.
    pages = api.replace(ports.LOOPBACK, "localhost")
    lines = [f"Web pages  {pages}/", *_first_administrator(data, api, pages, on_terminal=console.is_terminal)]
    lines += [f"API        {api}", f"API docs   {api}/docs"]
    if FLOWER in status.addresses:
        login = _flower_login(data, on_terminal=console.is_terminal)
        lines.append(f"Flower     {status.addresses[FLOWER]}   ({login})")
    lines += [
        f"Logs       {status.log_dir}",
        f"Keys       {data / 'credentials.json'} (used by this command line)",
        "",
        f"Add a patient:        {program} patients add 'A. Patient' --consent written",
        f"Upload a recording:   {program} upload recording.m4a --patient 'A. Patient' --wait",
        f"Stop:                 Ctrl-C, or kill {status.supervisor.pid}",
    ]
    for line in [*lines, *_what_is_down(api)]:
        console.print(Text(line), soft_wrap=True)


def _first_administrator(data: Path, api: str, pages: str, *, on_terminal: bool) -> list[str]:
    """The one-time code, while the server awaits a first administrator."""
    try:
        code = (data / CODE_FILE).read_text(encoding="utf-8").strip()
        page = httpx2.get(f"{api}/first-administrator", timeout=READYZ_SECONDS, trust_env=False)
    except (OSError, httpx2.HTTPError, httpx2.InvalidURL):
        return []
    if page.status_code != httpx2.codes.OK:
        return []
    shown = code if on_terminal else f"in {data / CODE_FILE}"
    return [f"           First visit: {pages}/first-administrator   one-time code {shown}   (24 hours)"]


def _what_is_down(api: str) -> list[str]:
    """A line for each part that the API finds down; asked once, and waited for while it starts."""
    try:
        # A proxy from the environment cannot reach this machine's own loopback address.
        checks = httpx2.get(f"{api}/readyz", timeout=READYZ_SECONDS, trust_env=False).json()["checks"]
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, KeyError):
        return [f"Down: the API does not say what it lacks; see {api}/readyz and the logs."]
    return [f"Down: {WHAT_TO_DO.get(name, name)}" for name, state in checks.items() if state != "up"]


def _flower_login(data: Path, *, on_terminal: bool) -> str:
    password = data / FLOWER_PASSWORD_FILE
    if not password.exists():  # the stack that runs, which may be another process' own, was given one
        return "login as set in FLOWER_BASIC_AUTH"
    # What is not a terminal may be a log file, which others read and backups keep.
    shown = password.read_text(encoding="utf-8").strip() if on_terminal else f"in {password}"
    return f"user {FLOWER_USER}, password {shown}"


def _stack(data: Path) -> Stack:
    procfile = ROOT / "Procfile"
    if not procfile.exists():
        raise CommandError(
            f"There is no Procfile in {ROOT}: the stack runs from a copy of the repository.", Exit.FAILED
        )
    from_file = read_env_file(Path(".env"))
    own = {name: value for name, value in from_file.items() if name not in os.environ}
    own["SESSIONSCRIBE_DATA"] = str(data.resolve())
    _check({**os.environ, **own})
    return Stack(data, _lines(procfile), own, folder=ROOT)


# What the stack makes itself where it is not set: well-formed, and never connected to.
_MADE_HERE = {
    "DATABASE_URL": "postgresql://127.0.0.1/made_here",
    "REDIS_URL": "redis://127.0.0.1",
    "STORAGE_URL": "file:///made/here",
    "SESSIONSCRIBE_KEYS_DIR": "/made/here",
}


def _check(environment: Mapping[str, str]) -> None:
    """Raise CommandError that names every wrong setting, before anything starts."""
    given = {name: value for name, value in environment.items() if value.strip()}
    made = {name: value for name, value in _MADE_HERE.items() if f"{name}_FILE" not in given}
    problems = embedded_stack.problems_in(environment)
    try:
        settings.load({**made, **given})
    except settings.SettingsError as error:
        problems += error.problems
    if problems:
        raise CommandError(f"The stack could not start: {settings.SettingsError(problems)}", Exit.FAILED)


def _lines(procfile: Path) -> list[str]:
    """The Procfile, with a release that also makes the key store and the demo accounts."""
    lines = procfile.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("release:")] + [RELEASE_LINE]
