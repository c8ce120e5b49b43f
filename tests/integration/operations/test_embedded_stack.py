"""The supervisor and the stack, with real processes that are killed for real."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import psutil
import psycopg2
import pytest
import redis

from embedded.postgres import EmbeddedPostgres
from embedded.state import status, stop
from tests.stack import temporary_folder

ROOT = Path(__file__).parents[3]
# No embedded databases, where a test is not about them: it starts at once.
BARE = {"DATABASE_URL": "postgresql://elsewhere/x", "REDIS_URL": "redis://elsewhere"}

RUN_STACK = """
import json, sys, logging, structlog
from pathlib import Path
from embedded.stack import Stack
from embedded.state import AlreadyRunning
from embedded.supervisor import StartFailed
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
data, procfile, settings = json.loads(sys.argv[1])
stack = Stack(Path(data), procfile, settings, folder=Path(data).parent, grace_seconds={"stubborn": 0.5})
try:
    stack.run(lambda status: print("ready", json.dumps(dict(status.addresses)), flush=True))
except AlreadyRunning as error:
    sys.exit(f"already running as {error.status.supervisor.pid}, ready: {error.status.ready}")
except StartFailed as error:
    sys.exit(str(error))
"""

# Writes what happens to it into a file; has a child of its own, in a session of its own.
RECORDER = """
import os, pathlib, signal, subprocess, sys, time
record = pathlib.Path(sys.argv[1])
def note(text):
    with record.open("a") as file:
        file.write(text + "\\n")
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
def on_term(number, frame):
    note("asked to stop")
    if "stubborn" not in sys.argv:
        sys.exit(0)
signal.signal(signal.SIGTERM, on_term)
note(f"started {os.getpid()} {child.pid} {os.environ.get('INSTANCE')}")
while True:
    time.sleep(0.05)
"""


class Running:
    """A stack in a process of its own."""

    def __init__(self, data: Path, procfile: list[str], settings: dict[str, str]) -> None:
        self.data = data
        self.process = subprocess.Popen(
            [sys.executable, "-c", RUN_STACK, json.dumps([str(data), procfile, settings])],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait_ready(self) -> dict[str, str]:
        line = self.process.stdout.readline()
        assert line.startswith("ready"), self.process.stderr.read()
        return json.loads(line.removeprefix("ready"))

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=30)
        return self.process.returncode, errors


StackFactory = Callable[..., Running]


@pytest.fixture
def folder() -> Iterator[Path]:
    with temporary_folder() as path:
        (path / "recorder.py").write_text(RECORDER)
        yield path


@pytest.fixture
def start(folder: Path) -> Iterator[StackFactory]:
    started: list[Running] = []

    def begin(procfile: list[str], settings: dict[str, str] = BARE) -> Running:
        started.append(Running(folder / "data", procfile, settings))
        return started[-1]

    yield begin
    for stack in started:
        if stack.process.poll() is None:
            stack.process.terminate()
        stack.process.communicate(timeout=40)


def eventually(condition: Callable[[], object], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def gone(processes: list[psutil.Process]) -> bool:
    return not any(lives(process) for process in processes)


def lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_killed_process_is_started_again_and_what_it_left_is_ended(
    folder: Path, start: StackFactory
) -> None:
    start(["app: python recorder.py app.log"]).wait_ready()
    eventually(lambda: lines(folder / "app.log"))
    pid, child = (int(word) for word in lines(folder / "app.log")[0].split()[1:3])
    orphan = psutil.Process(child)
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: len(lines(folder / "app.log")) == 2)
    eventually(lambda: gone([orphan]))


def test_a_stop_asks_the_parent_and_leaves_nothing_of_its_descendants(
    folder: Path, start: StackFactory
) -> None:
    stack = start(["worker: python recorder.py worker$INSTANCE.log"], BARE | {"WORKERS": "2"})
    stack.wait_ready()
    eventually(lambda: (folder / "worker1.log").exists() and (folder / "worker2.log").exists())
    family = stack.family()
    assert len(family) == 4
    assert stack.end() == (0, "")
    assert gone(family)
    for number in "12":
        assert lines(folder / f"worker{number}.log")[0].endswith(f" {number}")
        assert lines(folder / f"worker{number}.log")[1:] == ["asked to stop"]
    assert not (folder / "data/run/stack.json").exists()


def test_a_process_that_will_not_stop_is_killed_when_its_grace_is_over(
    folder: Path, start: StackFactory
) -> None:
    stack = start(["stubborn: python recorder.py app.log stubborn"])
    stack.wait_ready()
    eventually(lambda: lines(folder / "app.log"))
    family = stack.family()
    assert stack.end() == (0, "")
    assert lines(folder / "app.log")[-1] == "asked to stop"
    assert gone(family)


def test_a_second_ctrl_c_ends_the_grace(folder: Path, start: StackFactory) -> None:
    stack = start(["app: python recorder.py app.log stubborn"])  # a grace of ten seconds
    stack.wait_ready()
    eventually(lambda: lines(folder / "app.log"))
    family = stack.family()
    stack.process.send_signal(signal.SIGINT)
    eventually(lambda: lines(folder / "app.log")[-1] == "asked to stop")
    begun = time.monotonic()
    assert stack.end(signal.SIGINT) == (0, "")
    assert time.monotonic() - begun < 8
    assert gone(family)


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        ("postgres/cluster.new", signal.SIGTERM),
        ("postgres/cluster", signal.SIGINT),
        ("redis/redis.conf", signal.SIGTERM),
        ("release", signal.SIGINT),
    ],
)
def test_a_stop_during_the_start_ends_everything(
    folder: Path, start: StackFactory, moment: str, number: int
) -> None:
    stack = start(["release: python recorder.py data/release", "web: python -c pass"], {})
    eventually((folder / "data" / moment).exists)
    family = stack.family()
    assert stack.end(number) == (0, "")
    assert gone(family)
    assert status(folder / "data") is None


def owner_url(folder: Path) -> str:
    """Where the tables' owner logs in, whom no process of the stack is told of."""
    postgres = EmbeddedPostgres(folder / "data" / "postgres")
    postgres.recall()
    return postgres.owner_url.replace("+psycopg2", "")


def test_the_death_of_the_supervisor_ends_everything_and_nothing_is_lost(
    folder: Path, start: StackFactory
) -> None:
    procfile = ["web: python -m http.server --bind 127.0.0.1 $PORT", "env: python env.py"]
    (folder / "env.py").write_text(
        "import os, time; from pathlib import Path\n"
        "Path('urls').write_text(os.environ['DATABASE_URL'] + ' ' + os.environ['REDIS_URL'])\n"
        "time.sleep(600)"
    )
    first = start(procfile, {})
    assert httpx2.get(first.wait_ready()["web"]).status_code == 200
    eventually(lambda: lines(folder / "urls"))
    broker = (folder / "urls").read_text().split()[1]
    query(owner_url(folder), "CREATE TABLE kept AS SELECT 42 AS answer")
    with redis.Redis.from_url(broker) as client:
        assert client.ping()
    family = first.family()
    assert {"postgres", "valkey-server"} <= {process.name() for process in family}
    first.process.kill()
    first.process.wait()
    eventually(lambda: gone(family))
    assert status(folder / "data") is None
    start(procfile, {}).wait_ready()
    assert query(owner_url(folder), "SELECT answer FROM kept") == 42


def test_gunicorn_and_celery_end_with_the_supervisor(folder: Path, start: StackFactory) -> None:
    (folder / "site_app.py").write_text("def app(environ, start):\n    start('200 OK', []); return [b'ok']\n")
    (folder / "queue_app.py").write_text("from celery import Celery\napp = Celery(broker='memory://')\n")
    stack = start(
        [
            "web: gunicorn site_app:app --bind 127.0.0.1:$PORT --workers 2 --no-control-socket",
            "worker: celery -A queue_app worker -c 1 -n worker$INSTANCE@%h --without-mingle -l INFO",
        ],
        BARE | {"WORKERS": "1"},
    )
    stack.wait_ready()
    eventually(lambda: len(stack.family()) >= 5)  # two parents, three children
    eventually(lambda: "ready" in (folder / "data/logs/worker.log").read_text())
    family = stack.family()
    stack.process.kill()
    stack.process.wait()
    eventually(lambda: gone(family))


def test_a_killed_postgres_comes_back_while_the_rest_runs_on(folder: Path, start: StackFactory) -> None:
    (folder / "url.py").write_text(
        "import os, time; open('url', 'w').write(os.environ['DATABASE_URL'])\ntime.sleep(600)"
    )
    stack = start(["app: python url.py"], {"REDIS_URL": "redis://elsewhere"})
    stack.wait_ready()
    eventually(lambda: lines(folder / "url"))
    url = (folder / "url").read_text().replace("+psycopg2", "")
    query(owner_url(folder), "CREATE TABLE kept AS SELECT 42 AS answer")
    app = next(p for p in stack.family() if "url.py" in p.cmdline())
    killed = next(p for p in stack.family() if "-D" in p.cmdline())
    killed.kill()
    eventually(lambda: gone([killed]))
    eventually(lambda: answers(url))
    assert query(owner_url(folder), "SELECT answer FROM kept") == 42
    assert app.is_running()


def test_a_second_start_is_told_who_runs(folder: Path, start: StackFactory) -> None:
    first = start(["app: python recorder.py app.log"])
    first.wait_ready()
    second = start(["app: python recorder.py other.log"])
    _, errors = second.process.communicate(timeout=15)
    assert errors.strip() == f"already running as {first.process.pid}, ready: True"
    assert not (folder / "other.log").exists()
    running = status(folder / "data")
    assert running is not None
    assert running.supervisor.pid == first.process.pid
    assert (folder / "data/run/stack.json").stat().st_mode & 0o777 == 0o600
    assert stop(folder / "data")
    assert status(folder / "data") is None


def test_what_survived_a_killed_supervisor_is_ended_by_the_next_start(
    folder: Path, start: StackFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = start(["app: python recorder.py app.log stubborn"])  # it does not heed the kernel's SIGTERM
    first.wait_ready()
    eventually(lambda: lines(folder / "app.log"))
    family = first.family()
    first.process.kill()
    first.process.wait()
    assert not gone(family)
    start(["app: python recorder.py second.log"]).wait_ready()
    assert gone(family)


def test_a_release_that_fails_stops_the_start(folder: Path, start: StackFactory) -> None:
    stack = start(["release: python -c 'raise SystemExit(3)'", "app: python recorder.py app.log"])
    _, errors = stack.process.communicate(timeout=15)
    assert "release ended with code 3" in errors
    assert stack.process.returncode == 1
    assert not (folder / "app.log").exists()


def test_a_web_process_that_keeps_ending_stops_the_start(folder: Path, start: StackFactory) -> None:
    stack = start(["web: python -c 'raise SystemExit(\"no such setting\")'"])
    _, errors = stack.process.communicate(timeout=15)
    assert "web keeps ending" in errors
    assert lines(folder / "data/logs/web.log")[0] == "no such setting"


def query(url: str, statement: str) -> object:
    connection = psycopg2.connect(url)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchone()[0] if statement.startswith("SELECT") else None
    finally:
        connection.close()


def answers(url: str) -> bool:
    try:
        query(url, "SELECT 1")
    except psycopg2.OperationalError:
        return False
    return True
