"""Commands are imported when they are called, and the help knows them without."""

import subprocess
import sys
from pathlib import Path

import click
import pytest

import cli.commands
from cli.app import COMMANDS
from cli.app import cli as program

SLOW = ("sqlalchemy", "celery", "flask", "marshmallow", "boto3", "cryptography", "structlog")


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_says_of_a_command_what_the_command_says(name: str) -> None:
    command = program.commands[name]
    assert (command.name, command.get_short_help_str(limit=200)) == (name, COMMANDS[name].help)
    assert not command.hidden


def test_each_module_of_commands_is_reached() -> None:
    """A command that is in no table would be reached by nobody: its module is never imported."""
    root = Path(cli.commands.__file__).parent
    found = {
        ".".join(path.relative_to(root).with_suffix("").parts)
        for path in root.rglob("*.py")
        if path.name != "__init__.py"
    }
    listed = "; ".join(f"import cli.commands.{entry.module}" for entry in COMMANDS.values())
    show = "print(*(m for m in sys.modules if m.startswith('cli.commands.')))"
    imported = _run(f"import sys; {listed}; {show}").split()
    packages = {"operations", "privacy", "recordings", "records"}
    assert {name.removeprefix("cli.commands.") for name in imported} - packages == found


def test_the_program_begins_without_what_is_slow_to_import() -> None:
    show = f"print(*(name for name in {SLOW} if name in sys.modules))"
    assert _run(f"import sys; import cli.app; {show}").split() == []


def test_a_command_that_there_is_not_is_answered_with_one_that_there_is() -> None:
    with pytest.raises(click.UsageError, match="No such command 'lisst'") as refused:
        program.main(["lisst"], prog_name="sessionscribe", standalone_mode=False)
    assert "list" in refused.value.format_message()


def _run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
