"""Run every command of README and the walk-through on a fresh stack, and compare what they promise.

``python -m tests.docs.check [--write]``; with ``--write`` the pages take the output of this run.
Commands that begin with ``make`` are compared with the targets of the Makefile instead of being run.
"""

import difflib
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.docs.blocks import Shown, commands_of
from tests.docs.comparing import comparable, learn
from tests.stack import temporary_folder

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "docs/notes-walkthrough.md")
BIN = ROOT / ".venv" / "bin"
READY_SECONDS, COMMAND_SECONDS = 180, 600
_END = "===END OF COMMAND==="


class Shell:
    """One shell in which the commands of a page follow each other, as a reader types them."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            ["bash"], cwd=folder, env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def run(self, command: str) -> tuple[str, int]:
        """What the command prints, and its exit code."""
        assert self._process.stdin
        assert self._process.stdout
        # Its input is empty: what asks for a confirmation must say so instead of waiting.
        self._process.stdin.write(f"{{ {command}\n}} </dev/null\nprintf '%s %s\\n' '{_END}' $?\n")
        self._process.stdin.flush()
        printed = ""
        for line in self._process.stdout:
            before, end, code = line.partition(_END)
            printed += before
            if end:
                return printed, int(code)
        raise SystemExit(f"the shell ended in the middle of: {command}\n{printed}")

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@contextmanager
def fresh_stack(data: Path) -> Iterator[None]:
    """``sessionscribe up`` on a new data folder."""
    command = [str(BIN / "sessionscribe"), "--data", str(data), "up"]
    environment = {**os.environ, "PORT": "18100", "FLOWER_PORT": "18200", "WORKERS": "2"}
    stack = subprocess.Popen(
        command, cwd=data.parent, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        assert stack.stdout
        for line in stack.stdout:
            if line.startswith("Stop:"):
                break
        else:
            raise SystemExit(f"the stack did not start; see {data / 'logs'}")
        yield
    finally:
        stack.send_signal(signal.SIGTERM)
        stack.wait(timeout=60)


def check_page(page: Path, shell: Shell, *, write: bool) -> list[str]:
    """What differs between the page and this run, as text."""
    text = page.read_text()
    wrong: list[str] = []
    fresh: list[tuple[tuple[int, int], str]] = []
    known = dict[str, str]()
    for shown in commands_of(text):
        if shown.command == "make demo":
            wrong += _demo(page, shown, shell)
            continue
        targets = _make_targets(shown.command)
        if targets is not None:
            wrong += [f"{page.name}:{shown.line}: there is no target {name}" for name in targets - _targets()]
            continue
        print(f"  {shown.line}: {shown.command.splitlines()[0][:90]}", flush=True)
        command = _with_our_ids(shown.command, known)
        # What readers do not see must not fail unseen, in no part of a pipe.
        printed, code = shell.run(command if shown.output is not None else f"set -o pipefail; {command}")
        if shown.output is None:
            wrong += [f"{page.name}:{shown.line}: exit code {code}\n{printed}"] if code else []
            continue
        learn(known, shown.output, printed)
        wrong += _difference(page, shown, printed)
        fresh.append((shown.span, printed.strip("\n") + "\n" if printed.strip() else ""))
    if write:
        for (begin, end), printed in reversed(fresh):
            text = text[:begin] + printed + text[end:]
        page.write_text(_with_our_ids(text, known))
    return wrong


def _demo(page: Path, shown: Shown, shell: Shell) -> list[str]:
    """What the page shows of the demo's screen, with lines left out, must be on it in this order."""
    print(f"  {shown.line}: sessionscribe demo", flush=True)
    printed, _ = shell.run("sessionscribe demo 2>/dev/null")
    on_screen = iter(comparable(printed))
    lacking = [line for line in comparable(shown.output or "") if line not in on_screen]
    return (
        [f"{page.name}:{shown.line}: not on the screen of the demo: {lacking}\n{printed}"] if lacking else []
    )


def _difference(page: Path, shown: Shown, printed: str) -> list[str]:
    promised, came = comparable(shown.output or ""), comparable(printed)
    if promised == came:
        return []
    difference = "\n".join(difflib.unified_diff(promised, came, "promised", "printed", lineterm="", n=1))
    return [f"{page.name}:{shown.line}: {shown.command.splitlines()[0]}\n{difference}"]


def _with_our_ids(command: str, known: dict[str, str]) -> str:
    for theirs, ours in known.items():
        command = command.replace(theirs, ours)
    return command


def _make_targets(command: str) -> set[str] | None:
    """The targets of a block that calls make and nothing else; None of any other."""
    lines = [line.split("#")[0].split() for line in command.splitlines() if line.strip()]
    return {words[1] for words in lines} if all(words[:1] == ["make"] for words in lines) else None


def _targets() -> set[str]:
    return set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def main() -> None:
    """Check each page in a folder of its own that has the samples; end with 1 if anything differs."""
    wrong: list[str] = []
    with temporary_folder() as folder, fresh_stack(folder / "data"):
        for name in PAGES:
            print(name, flush=True)
            working = folder / Path(name).stem
            working.mkdir()
            for linked in ("samples", ".venv"):
                (working / linked).symlink_to(ROOT / linked)
            (working / "data").symlink_to(folder / "data")
            environment = {
                **os.environ,
                "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
                "SESSIONSCRIBE_DATA": "data",
                "COLUMNS": "100",
                "NO_COLOR": "1",
            }
            shell = Shell(working, environment)
            try:
                wrong += check_page(ROOT / name, shell, write="--write" in sys.argv)
            finally:
                shell.close()
    print("\n\n".join(wrong) or "Everything is as the pages say.")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    if shutil.which("jq") is None or shutil.which("curl") is None:
        sys.exit("docs-check needs jq and curl (Debian: apt install jq curl).")
    main()
