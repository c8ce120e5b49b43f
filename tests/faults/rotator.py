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
    """Rotate the root key, the pepper or the key of the practice ``what``; die at ``place``, if reached."""

    def watch(here: str) -> None:
        if here == place:
            os.kill(os.getpid(), signal.SIGKILL)

    failpoints.watch(watch)
    keys = KeyStore(Path(folder))
    if what == "root":
        rotation.rotate_root(keys, bytes.fromhex(check))
    elif what == "pepper":
        rotation.add_pepper(keys, bytes.fromhex(check))
    elif what == "former pepper":
        rotation.remove_former_pepper(keys)
    else:
        rotation.rotate_practice(keys, UUID(what))


if __name__ == "__main__":
    main(*sys.argv[1:])
