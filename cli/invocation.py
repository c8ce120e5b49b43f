"""How a person would type this command here."""

import os
import shutil
import sys
from pathlib import Path

NAME = "sessionscribe"


def command() -> str:
    """``sessionscribe`` where the shell finds it, otherwise the path to it."""
    if shutil.which(NAME):
        return NAME
    installed = Path(sys.executable).parent / NAME
    shortest = min(str(installed), os.path.relpath(installed), key=len)
    return shortest if installed.exists() else NAME
