"""Processes that are started with wrong settings: each names all of them at once, and ends."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from embedded import procfile

ROOT = Path(__file__).parents[3]
WRONG = {
    "DATABASE_URL": "mysql://host/name",
    "STORAGE_URL": "ftp://host",
    "SESSIONSCRIBE_LEASE_SECONDS": "soon",
    "SESSIONSCRIBE_TRANSCRIBER": "a parrot",
}
UNSET = ("REDIS_URL", "SESSIONSCRIBE_KEYS_DIR")


@pytest.mark.parametrize("name", ["release", "web", "worker", "dispatcher", "courier"])
def test_a_process_names_everything_that_is_wrong_before_it_ends(name: str) -> None:
    entries = procfile.parse((ROOT / "Procfile").read_text().splitlines())
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.defpath}",
        "PYTHONPATH": str(ROOT),
        "PORT": "0",
        "INSTANCE": "1",
    }
    argv = procfile.expand(next(entry for entry in entries if entry.name == name), environment)
    done = subprocess.run(
        argv, cwd=ROOT, env={**environment, **WRONG}, capture_output=True, text=True, timeout=120
    )
    assert done.returncode != 0
    said = done.stdout + done.stderr
    for setting in (*WRONG, *UNSET):
        assert f"  - {setting} " in said, said
