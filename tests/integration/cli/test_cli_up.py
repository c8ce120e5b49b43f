"""What ``sessionscribe`` says when it cannot start, cannot print, or is interrupted at once."""

import io
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from rich.console import Console

from cli.local.stack import print_addresses
from cli.profile import CODE_FILE
from embedded.state import ProcessMark, StackStatus
from tests.fakes.api_server import KEY, FakeApi, Reply

ROOT = Path(__file__).parents[3]
# Where nothing answers; no embedded servers are started beside them.
NOWHERE = {
    "DATABASE_URL": "postgresql://me:hunter2@127.0.0.1:1/x",
    "REDIS_URL": "redis://127.0.0.1:1",
    "PORT": "18620",
    "FLOWER_PORT": "18720",
}


def up(folder: Path, settings: Mapping[str, str]) -> str:
    """What ``up`` says in the end, which must be one of failure."""
    result = subprocess.run(
        [sys.executable, "-m", "cli.main", "--data", str(folder / "data"), "up"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **NOWHERE, **settings},
        capture_output=True,
        text=True,
        timeout=60,
    )
    said = result.stdout + result.stderr
    assert result.returncode == 1, said
    assert "Traceback" not in said
    assert "hunter2" not in said
    return said


@pytest.mark.parametrize(("name", "value"), [("PORT", "abc"), ("WORKERS", "0")])
def test_a_wrong_number_is_named(tmp_path: Path, name: str, value: str) -> None:
    said = up(tmp_path, {name: value})
    assert said.count("\n") == 2
    assert "could not start" in said
    assert f"  - {name} must be a number" in said


def test_all_wrong_settings_are_named_before_anything_starts(tmp_path: Path) -> None:
    said = up(
        tmp_path,
        {
            "SESSIONSCRIBE_TRANSCRIBER": "bogus",
            "SESSIONSCRIBE_EXTRACTOR": "openai",
            "STORAGE_URL": "ftp://x",
            "DATABASE_URL": "garbage",
            "WORKERS": "zero",
        },
    )
    assert not (tmp_path / "data" / "logs").exists()
    for name in ("WORKERS", "SESSIONSCRIBE_TRANSCRIBER", "OPENAI_API_KEY", "STORAGE_URL", "DATABASE_URL"):
        assert f"  - {name} " in said


def test_a_database_that_does_not_answer_is_said_to_be(tmp_path: Path) -> None:
    assert "The database does not answer" in up(tmp_path, {})


def test_an_address_that_is_none_is_said_to_be(tmp_path: Path) -> None:
    said = up(tmp_path, {"DATABASE_URL": "postgresql://me:hunter2@h:port/x"})
    assert "DATABASE_URL must have a host and a port" in said


def test_words_of_an_earlier_run_are_not_said_again(tmp_path: Path) -> None:
    up(tmp_path, {"STORAGE_URL": "s3://x"})
    assert "STORAGE_URL" not in up(tmp_path, {})


def shown(url: str, data: Path, *, on_terminal: bool = True) -> str:
    """What a stack whose API is at ``url`` is introduced with."""
    mark = ProcessMark.of(os.getpid())
    assert mark is not None
    output = io.StringIO()
    addresses = {"web": url, "flower": "http://127.0.0.1:1"}
    console = Console(file=output, width=200, force_terminal=on_terminal, color_system=None)
    print_addresses(console, data, StackStatus(mark, True, addresses, data / "logs"))
    return output.getvalue()


def test_what_is_down_is_told_with_what_to_do(tmp_path: Path) -> None:
    checks = {"database": "up", "storage": "down", "broker": "down"}
    with FakeApi() as server:
        server.will("GET /readyz", Reply(503, {"status": "unavailable", "checks": checks}))
        said = shown(server.url, tmp_path)
    assert "Check REDIS_URL" in said
    assert "Check STORAGE_URL" in said
    assert "Check DATABASE_URL" not in said


def test_the_login_of_flower_is_that_of_the_stack_that_runs(tmp_path: Path) -> None:
    """Whatever the environment of the one who asks says: the running stack may have been given another."""
    assert "login as set in FLOWER_BASIC_AUTH" in shown("http://127.0.0.1:1", tmp_path)
    (tmp_path / "flower.password").write_text("generated\n")
    assert "user flower, password generated" in shown("http://127.0.0.1:1", tmp_path)


def test_no_password_and_no_code_go_into_a_log_file(tmp_path: Path) -> None:
    (tmp_path / "flower.password").write_text("generated\n")
    (tmp_path / CODE_FILE).write_text("abcd-efgh\n")
    with FakeApi() as server:
        server.will("GET /first-administrator", *[Reply(200, {})] * 2)
        in_file = shown(server.url, tmp_path, on_terminal=False)
        on_terminal = shown(server.url, tmp_path)
    for secret in ("generated", "abcd-efgh"):
        assert secret not in in_file
        assert secret in on_terminal
    assert str(tmp_path / "flower.password") in in_file
    assert str(tmp_path / CODE_FILE) in in_file


def test_nothing_is_said_to_be_down_where_all_is_up(tmp_path: Path) -> None:
    with FakeApi() as server:
        server.will("GET /readyz", Reply(200, {"status": "ready", "checks": {"broker": "up"}}))
        assert "Down" not in shown(server.url, tmp_path)


def test_the_hints_name_a_data_folder_that_is_not_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    other = tmp_path / "my data"
    assert f"--data '{other}' patients add" in shown("http://127.0.0.1:1", other)
    assert f"--data '{other}' upload" in shown("http://127.0.0.1:1", other)
    assert "--data" not in shown("http://127.0.0.1:1", tmp_path / "data")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("words", [["list"], ["list", "--json"]])
def test_output_that_cannot_be_written_is_one_line(words: list[str]) -> None:
    with FakeApi() as server, Path("/dev/full").open("w") as full:
        server.add_session()
        result = subprocess.run(
            [sys.executable, "-m", "cli.main", "--url", server.url, "--key", KEY, *words],
            stdout=full, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    assert result.returncode == 1
    assert result.stderr == "Error: No space left on device\n"


def test_ctrl_c_while_the_program_is_loaded_is_exit_code_130(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("print('loading', flush=True)\nimport time\ntime.sleep(60)\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "cli.main", "demo"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{tmp_path}:{ROOT}"},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell that runs the tests in the background has them ignore it, and so would this process.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stdout.readline() == "loading\n"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (130, "")
