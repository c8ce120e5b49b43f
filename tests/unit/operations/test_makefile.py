"""``make`` lists every target, and knows when its environment belongs to another folder."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
MAKEFILE = (ROOT / "Makefile").read_text()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What make reads of a clone, without anything that it could install."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "tools.lock").touch()
    return tmp_path


def make(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """As from a shell: inside ``make sure`` it would inherit flags, and print the folders that it enters."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(["make", *words], cwd=folder, env=env, capture_output=True, text=True, check=False)


def test_make_lists_every_target(clone: Path) -> None:
    phony = re.search(r"^\.PHONY: (help .*)$", MAKEFILE, re.MULTILINE)
    assert phony
    targets = set(re.findall(r"^([a-z0-9-]+):", MAKEFILE, re.MULTILINE)) - {"moved"}
    listed = make(clone).stdout.splitlines()
    assert {line.split()[1] for line in listed} == targets == set(phony[1].split())
    assert len({len(re.match(r"  make \S+ +", line)[0]) for line in listed}) == 1  # type: ignore[index]


def test_an_environment_of_another_folder_is_made_anew(clone: Path) -> None:
    (clone / ".venv").mkdir()
    (clone / ".venv" / "pyvenv.cfg").write_text("command = /usr/bin/python3 -m venv /somewhere/else/.venv\n")
    (clone / ".venv" / ".tools").touch()
    assert "was moved or copied" in make(clone, "-n", ".venv/.tools").stdout
    (clone / ".venv" / "pyvenv.cfg").write_text(f"command = /usr/bin/python3 -m venv {clone}/.venv\n")
    assert "was moved or copied" not in make(clone, "-n", ".venv/.tools").stdout


def test_a_folder_that_cannot_be_written_is_said_to_be(clone: Path) -> None:
    (clone / ".venv").touch()  # root may write everywhere, but makes no folder where a file is
    done = make(clone, ".venv/.tools")
    assert done.returncode != 0
    assert "cannot be written. Copy the repository to a folder that you may write to" in done.stdout
    assert "python3-venv" not in done.stdout
