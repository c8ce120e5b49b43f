"""Flower asks for its password whatever is opened, and does not start without one."""

import os
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from embedded.ports import next_free
from tests.waiting import is_answering, wait_for
from workers.flower_dashboard import LOGIN, login_of

OPEN_IN_FLOWERS_OWN = ("/metrics", "/healthcheck", "/login", "/nowhere")
PAGES = ("/", "/tasks", "/broker", "/api/tasks", "/api/workers", *OPEN_IN_FLOWERS_OWN)


def command(port: int) -> list[str]:
    options = ("--address=127.0.0.1", f"--port={port}", "--read-only", "--logging=warning")
    return [sys.executable, "-m", "workers.flower_dashboard", *options]


def test_every_page_asks_for_the_password(environment: dict[str, str]) -> None:
    port, login = next_free(18900 + os.getpid() % 500), ("flower", "a secret")
    settings = {**os.environ, **environment, LOGIN: ":".join(login)}
    flower = subprocess.Popen(command(port), env=settings, stdout=subprocess.DEVNULL)
    try:
        wait_for(lambda: flower.poll() is not None or is_answering(port), 120)
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30) as client:
            assert {path: client.get(path).status_code for path in PAGES} == dict.fromkeys(PAGES, 401)
            assert client.get("/metrics", auth=("flower", "another")).status_code == 401
            assert client.get("/healthcheck", auth=login).text == "OK"
            assert "flower_" in client.get("/metrics", auth=login).text
    finally:
        flower.terminate()
        flower.wait(timeout=30)


def test_it_does_not_start_without_a_password(environment: dict[str, str]) -> None:
    settings = {name: value for name, value in os.environ.items() if not name.startswith("FLOWER")}
    ended = subprocess.run(
        command(1), env={**settings, **environment}, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("FLOWER_BASIC_AUTH must be user:password")


@pytest.mark.parametrize("login", ["", "user", "user:", ":password", "user:password,", "a:b,c"])
def test_a_login_has_a_user_and_a_password(login: str) -> None:
    with pytest.raises(ValueError, match="user:password"):
        login_of({LOGIN: login})


def test_the_login_may_be_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "login").write_text("user:pass:word\n")
    assert login_of({f"{LOGIN}_FILE": str(tmp_path / "login")}) == "user:pass:word"
