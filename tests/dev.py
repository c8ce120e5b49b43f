"""For developers, on the embedded stack of a data folder: a statement of SQL, or a worker in the foreground.

``python -m tests.dev sql DATA STATEMENT`` (read-only, all practices) and ``python -m tests.dev worker DATA``.
"""

import os
import sys
from pathlib import Path

import psycopg2

from cli.local import deployment
from embedded.postgres import DATABASE, SUPERUSER, EmbeddedPostgres
from shared.pipeline import QUEUES


def rows(data: Path, statement: str) -> list[tuple[str, ...]]:
    """The headings, then the rows, as text. Raises psycopg2.Error."""
    postgres = EmbeddedPostgres(data / "postgres")
    postgres.recall()
    connection = psycopg2.connect(
        postgres.url_of(DATABASE, SUPERUSER).replace("postgresql+psycopg2", "postgresql")
    )
    try:
        connection.set_session(readonly=True)
        with connection.cursor() as cursor:
            cursor.execute(statement)
            headings = tuple(column.name for column in cursor.description or ())
            return [headings, *(tuple(map(str, row)) for row in cursor.fetchall())]
    finally:
        connection.close()


def worker(data: Path) -> None:
    """Become a worker of one process, in which ``breakpoint()`` works."""
    known = deployment.find(data).settings
    os.environ |= {
        "DATABASE_URL": known.database_url,
        "REDIS_URL": known.redis_url,
        "STORAGE_URL": known.storage_url,
        "SESSIONSCRIBE_KEYS_DIR": str(known.keys_dir),
        "SESSIONSCRIBE_MODELS_DIR": str(known.models_dir),
        "INSTANCE": "debug",
    }
    words = [
        "-A",
        "workers.app",
        "worker",
        "--pool",
        "solo",
        "--queues",
        ",".join(QUEUES),
        "--without-mingle",
    ]
    os.execv(sys.executable, [sys.executable, "-m", "celery", *words, "--hostname", "debug@%h"])  # noqa: S606


def main() -> None:
    """Do what the command line says."""
    match sys.argv[1:]:
        case ["sql", data, statement]:
            try:
                print("\n".join("\t".join(row) for row in rows(Path(data), statement)))
            except psycopg2.Error as error:
                sys.exit(str(error).strip())
        case ["worker", data]:
            worker(Path(data))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
