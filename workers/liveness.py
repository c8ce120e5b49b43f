"""Where a process shows that it lives to the one that started it (see embedded/process.py)."""

import os
from pathlib import Path

FILE_VARIABLE = "SESSIONSCRIBE_SIGN_FILE"


def sign_file() -> Path | None:
    """The file to be touched, if the environment names one."""
    named = os.environ.get(FILE_VARIABLE)
    return Path(named) if named else None
