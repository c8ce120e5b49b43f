"""A rotation of keys as an operator starts it, killed where a test says."""

import os
import signal
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from uuid import UUID

from cli.local.accounts import resources_of
from shared.db.connection.engine import Database
from shared.domain import failpoints
from shared.services.subject_keys import rotation as of_subjects
from shared.services.subject_keys.run import Waits
from shared.settings import load
from shared.vault import rotation
from shared.vault.keystore import KeyStore
from tests import forking

LEFT = 3

forking.import_ahead(__name__)  # which costs 30 times the CPU time of a rotation


def run(folder: Path, what: str, check: str, place: str, env: Mapping[str, str] | None = None) -> int:
    """Rotate in a process of its own, as ``main`` does; gives its exit code, or minus a signal."""
    process = forking.forked(main, str(folder), what, check, place, dict(env or {}))
    process.join()
    code = process.exitcode
    process.close()
    assert code is not None
    return code


def main(folder: str, what: str, check: str, place: str, env: Mapping[str, str] = os.environ) -> None:
    """Rotate the root key, the pepper or the key of the practice ``what``; die at ``place``, if reached.

    ``place`` may end with a space and a number: to die there that often. ``what`` may be "subjects", with a
    practice and, if need be, a patient, in the deployment of ``env``: then ``check`` is for how many
    seconds former versions stay. Ends with LEFT where something is left.
    """
    name, _, often = place.partition(" ")
    reached = []

    def watch(here: str) -> None:
        if name and (here == name or here.startswith(f"{name}.")):
            reached.append(here)
            if len(reached) == int(often or 1):
                os.kill(os.getpid(), signal.SIGKILL)

    failpoints.watch(watch)
    keys = KeyStore(Path(folder))
    if what == "root":
        rotation.rotate_root(keys, bytes.fromhex(check))
    elif what == "pepper":
        rotation.add_pepper(keys, bytes.fromhex(check))
    elif what == "former pepper":
        rotation.remove_former_pepper(keys)
    elif what.startswith("subjects "):
        sys.exit(rotate_subjects(keys, [UUID(word) for word in what.split()[1:]], float(check), env))
    else:
        rotation.rotate_practice(keys, UUID(what))


def rotate_subjects(keys: KeyStore, whose: list[UUID], retired_seconds: float, env: Mapping[str, str]) -> int:
    """Rotate the keys of a practice's subjects, or of one patient's; gives the exit code."""
    settings = load(env)
    with closing(Database(settings.database_url, pool_size=1)) as database:
        resources = resources_of(settings, database, keys)
        waits = Waits(retired=retired_seconds, patience=60)
        done = of_subjects.rotate(resources, *whose, waits=waits)
    return LEFT if done.left else 0


if __name__ == "__main__":
    main(*sys.argv[1:])
