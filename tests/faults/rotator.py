"""A rotation of keys as an operator starts it, killed where a test says."""

import os
import signal
import sys
from pathlib import Path
from uuid import UUID

from shared.domain import failpoints
from shared.vault import rotation
from shared.vault.keystore import KeyStore


def main(folder: str, what: str, check: str, place: str) -> None:
    """Rotate the root key, or the key of the practice ``what``; die at ``place``, if that is reached."""

    def watch(here: str) -> None:
        if here == place:
            os.kill(os.getpid(), signal.SIGKILL)

    failpoints.watch(watch)
    keys = KeyStore(Path(folder))
    if what == "root":
        rotation.rotate_root(keys, bytes.fromhex(check))
    else:
        rotation.rotate_practice(keys, UUID(what))


if __name__ == "__main__":
    main(*sys.argv[1:])
