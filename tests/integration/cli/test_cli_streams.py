"""What becomes of output where a stream is closed, and of colours where nobody wants them."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from cli.exits import CommandError, Exit
from cli.output import console
from tests.fakes.api_server import KEY, FakeApi

ROOT = Path(__file__).parents[3]


def shell(line: str, url: str) -> "subprocess.CompletedProcess[str]":
    program = f"{sys.executable} -m cli.main --url {url} --key {KEY}"
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        ["sh", "-c", line.replace("PROGRAM", program)], env=environment, capture_output=True, text=True
    )


def test_a_closed_standard_output_is_said_in_a_line() -> None:
    with FakeApi() as server:
        done = shell("PROGRAM list >&-", server.url)
    assert done.returncode == 1
    assert done.stderr == "Error: Standard output is closed. Leave it open, or send it to a file.\n"


def test_a_closed_standard_error_changes_nothing_of_the_result() -> None:
    with FakeApi() as server:
        assert shell("PROGRAM list 2>&-", server.url).stdout == "No sessions.\n"


def test_what_the_server_commands_need_is_found_from_any_folder(tmp_path: Path) -> None:
    """`recover` and `setup` make a queue, whose settings lie beside the packages."""
    words = "from shared.queue import make_app; print(make_app('redis://localhost').conf.task_ignore_result)"
    done = subprocess.run(
        [sys.executable, "-c", words],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
    )
    assert (done.stdout, done.returncode) == ("True\n", 0), done.stderr


def test_an_error_on_a_terminal_is_broken_between_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    master, slave = pty.openpty()
    with os.fdopen(slave, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        CommandError(
            "There is no such patient; add one with `sessionscribe patients add`.", Exit.USAGE
        ).show()
        terminal.flush()
        lines = os.read(master, 1000).decode().splitlines()
    os.close(master)
    assert max(map(len, lines)) <= 40
    assert " ".join(" ".join(lines).split()).endswith("add one with `sessionscribe patients add`.")


@pytest.mark.parametrize(("value", "plain"), [("1", True), ("", False)])
def test_no_color_takes_bold_and_italic_away_too(
    monkeypatch: pytest.MonkeyPatch, value: str, plain: bool
) -> None:
    monkeypatch.setenv("NO_COLOR", value)
    monkeypatch.setenv("TERM", "xterm-256color")
    master, slave = pty.openpty()
    with os.fdopen(slave, "w") as terminal:
        monkeypatch.setattr(sys, "stdout", terminal)
        console.results().print("said", style="bold italic red")
        terminal.flush()
        shown = os.read(master, 100)
    os.close(master)
    assert (b"\x1b" not in shown) is plain
