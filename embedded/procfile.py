"""The Procfile: one line for each kind of process, ``name: command``, run without a shell."""

import re
import shlex
import shutil
import string
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

LINE = re.compile(r"(?P<name>[A-Za-z0-9_-]+):\s*(?P<command>\S.*)")


class ProcfileError(Exception):
    """A line cannot be understood or its command cannot be run; the text says which and why."""


@dataclass(frozen=True)
class Entry:
    """One line: a kind of process and its command with unexpanded ``$VARIABLES``."""

    name: str
    command: str


def parse(lines: Iterable[str]) -> list[Entry]:
    """The entries in their order; empty lines and ``#`` comments are skipped.

    Raises ProcfileError for anything else and for a name that comes twice.
    """
    entries: dict[str, Entry] = {}
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        match = LINE.fullmatch(text)
        if match is None:
            raise ProcfileError(f"Procfile line {number} is not `name: command`")
        if match["name"] in entries:
            raise ProcfileError(f"Procfile line {number} names {match['name']} a second time")
        entries[match["name"]] = Entry(match["name"], match["command"])
    return list(entries.values())


def expand(entry: Entry, env: Mapping[str, str]) -> list[str]:
    """The command as words: split like a shell does, then ``$NAME`` and ``${NAME}`` filled in.

    A value with blanks stays one word; ``$$`` is a dollar sign. The program is looked for
    beside the running Python first. Raises ProcfileError for an unknown variable or program.
    """
    try:
        words = [string.Template(word).substitute(env) for word in shlex.split(entry.command)]
    except KeyError as error:
        raise ProcfileError(f"the command of {entry.name} uses ${error.args[0]}, which is not set") from None
    except ValueError as error:
        raise ProcfileError(f"the command of {entry.name} is malformed: {error}") from None
    return [_resolve(entry.name, words[0], env), *words[1:]]


def _resolve(name: str, program: str, env: Mapping[str, str]) -> str:
    if program in ("python", "python3"):
        return sys.executable
    folder = Path(sys.executable).parent
    found = shutil.which(program, path=str(folder)) or shutil.which(program, path=env.get("PATH"))
    if found is None:
        raise ProcfileError(f"the program {program} of {name} is not installed; install the project again")
    return found
