"""A database into a file and back, with the tools that the embedded Postgres brings along."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from sqlalchemy.engine import URL, make_url

from embedded.postgres import program
from embedded.server import bare_environment


class DumpFailed(Exception):
    """pg_dump or pg_restore ended badly; the text is its own last line, which quotes no row."""


def dump(url: str, path: Path) -> None:
    """Write the database at ``url`` to ``path``, as of one moment; raises DumpFailed.

    The user must be one whom row-level security does not bind: else the dump would lack rows,
    and pg_dump refuses.
    """
    _run("pg_dump", url, ["--format=custom", "--no-owner", f"--file={path}"])
    path.chmod(0o600)


def dump_into(url: str, pipe: BinaryIO) -> None:
    """As ``dump``, into a pipe."""
    _run("pg_dump", url, ["--format=custom", "--no-owner"], pipe)


def load(url: str, path: Path) -> None:
    """Fill the empty database at ``url`` from ``path``, whole or not at all; raises DumpFailed."""
    options = ["--no-owner", "--exit-on-error", "--single-transaction", str(path)]
    _run("pg_restore", url, options)


def _run(tool: str, url: str, options: Sequence[str], output: BinaryIO | None = None) -> None:
    done = subprocess.run(  # noqa: S603 - a program from our own wheel, no shell
        [str(program(tool)), *_database(url), *options],
        env={**bare_environment(), **_password(url)},
        stdin=subprocess.DEVNULL,
        stdout=output or subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.startswith(tool)]
        raise DumpFailed(lines[0] if lines else f"{tool} ended with {done.returncode}")


def _database(url: str) -> list[str]:
    """The database without its password: command lines can be seen by others."""
    whole = make_url(url)
    shown = URL.create(
        "postgresql", whole.username, None, whole.host, whole.port, whole.database, whole.query
    )
    return [f"--dbname={shown.render_as_string()}", "--no-password"]


def _password(url: str) -> Mapping[str, str]:
    password = make_url(url).password
    return {"PGPASSWORD": password} if password else {}
