"""The whole service on one machine: databases where none are given, then the processes of the Procfile."""

import os
import re
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from embedded import ports, procfile
from embedded.postgres import EmbeddedPostgres
from embedded.private_files import private_folder, remembered_secret
from embedded.process import Program
from embedded.redis import EmbeddedRedis
from embedded.server import Server, bare_environment
from embedded.state import ProcessMark, StackState, StackStatus
from embedded.supervisor import StopRequested, Supervisor

RELEASE = "release"
WEB, FLOWER, WORKER = "web", "flower", "worker"
WEB_PORT, FLOWER_PORT = 8000, 5555
MIGRATIONS_URL = "SESSIONSCRIBE_MIGRATIONS_DATABASE_URL"
METRICS_TOKEN = "SESSIONSCRIBE_METRICS_TOKEN"  # noqa: S105 - the name of a setting
# They touch a file to show that they live (workers/liveness.py), and are ended if they do not.
WATCHED = frozenset({WORKER, "dispatcher"})
MOST_WORKERS = 256
FLOWER_USER, FLOWER_PASSWORD_FILE = "flower", "flower.password"
# A worker needs 20 s to finish or to give back its task; a long upload may end too.
GRACE_SECONDS = {WORKER: 25.0, WEB: 15.0}
DEFAULT_GRACE_SECONDS = 10.0
SERVER_TIMEOUT_SECONDS = 60.0
WEB_TIMEOUT_SECONDS = 60.0


class WrongSettings(Exception):
    """Settings of the stack itself are not what they must be; ``problems`` has a sentence for each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = list(problems)


class Stack:
    """One data folder and what runs on it."""

    def __init__(
        self,
        data_dir: Path,
        procfile_lines: Sequence[str],
        settings: Mapping[str, str] | None = None,
        *,
        folder: Path | None = None,
        grace_seconds: Mapping[str, float] = GRACE_SECONDS,
    ) -> None:
        """``settings`` win over the environment; ``folder`` is where commands run.

        ``DATABASE_URL``, ``REDIS_URL`` and ``STORAGE_URL`` each replace an embedded part.
        ``PORT`` and ``FLOWER_PORT`` are where the search for a free port begins; ``WORKERS``
        is the number of worker processes. Raises WrongSettings and ProcfileError.
        """
        self._data_dir = data_dir.resolve()
        self._folder = (folder or Path.cwd()).resolve()
        self._entries = procfile.parse(procfile_lines)
        self._env = {**os.environ, **(settings or {})}
        if problems := problems_in(self._env):
            raise WrongSettings(problems)
        self._web_port, self._flower_port, self._workers = (
            int(_number(self._env, name)) for name in ("PORT", "FLOWER_PORT", "WORKERS")
        )
        self._grace_seconds = grace_seconds
        self._signs = self._data_dir / "signs"
        self._state = StackState(self._data_dir)
        self._addresses: dict[str, str] = {}
        self._ready = False

    def run(self, on_ready: Callable[[StackStatus], None] | None = None) -> None:
        """Run in the foreground of the main thread until SIGTERM or SIGINT, then end everything.

        ``on_ready`` is called once, when the web process takes connections. Raises
        AlreadyRunning, StartFailed, EmbeddedServerError and ProcfileError.
        """
        # As root, others may pass through: Postgres runs as another user, and what must stay
        # closed is closed itself.
        private_folder(self._data_dir, 0o711 if os.geteuid() == 0 else 0o700)
        with Supervisor(self._data_dir / "logs", self._write_state) as supervisor:
            self._state.acquire()
            try:
                self._bring_up(supervisor, on_ready)
            except StopRequested:
                return
            finally:
                supervisor.stop()
                self._state.release()

    def _bring_up(self, supervisor: Supervisor, on_ready: Callable[[StackStatus], None] | None) -> None:
        self._state.end_leftovers()
        private_folder(self._signs)
        self._write_state([])
        self._choose_places()
        self._start_servers(supervisor)
        self._choose_ports()
        self._start_programs(supervisor)
        self._ready = True
        supervisor.report_change()
        if on_ready and (status := self._state.running()):
            on_ready(status)
        supervisor.watch()

    def _start_programs(self, supervisor: Supervisor) -> None:
        """Run the release to its end, then start the rest; returns when the web process serves."""
        for entry in self._entries:
            if entry.name == RELEASE:
                supervisor.run_to_completion(self._programs(entry)[0])
        running = [entry for entry in self._entries if entry.name != RELEASE]
        supervisor.start([program for entry in running for program in self._programs(entry)])
        if any(entry.name == WEB for entry in running):
            port = int(self._env["PORT"])
            supervisor.wait_until(lambda: ports.is_served_here(port), WEB_TIMEOUT_SECONDS, WEB)

    def _choose_places(self) -> None:
        """Where recordings, keys and speech models lie, unless the settings say otherwise."""
        if not self._env.get("STORAGE_URL"):
            self._env["STORAGE_URL"] = private_folder(self._data_dir / "recordings").as_uri()
        if not self._env.get("SESSIONSCRIBE_KEYS_DIR"):
            self._env["SESSIONSCRIBE_KEYS_DIR"] = str(private_folder(self._data_dir / "keys"))
        if not self._env.get("SESSIONSCRIBE_MODELS_DIR"):
            self._env["SESSIONSCRIBE_MODELS_DIR"] = str(self._data_dir / "models")

    def _start_servers(self, supervisor: Supervisor) -> None:
        """Start the databases that no setting replaces, side by side."""
        postgres = None if self._env.get("DATABASE_URL") else EmbeddedPostgres(self._data_dir / "postgres")
        redis = None if self._env.get("REDIS_URL") else EmbeddedRedis(self._data_dir / "redis")
        servers: list[Server] = [server for server in (postgres, redis) if server]
        for server in servers:
            server.prepare()
            supervisor.start([_server_program(server)])
        for server in servers:
            supervisor.wait_until(server.is_ready, SERVER_TIMEOUT_SECONDS, server.name)
        if postgres:
            postgres.create_database()
            self._env["DATABASE_URL"] = postgres.url
            self._env[MIGRATIONS_URL] = postgres.owner_url
        if redis:
            self._env["REDIS_URL"] = redis.url

    def _choose_ports(self) -> None:
        web = ports.next_free(self._web_port)
        flower = ports.next_free(self._flower_port, taken=(web,))
        self._env["PORT"], self._env["FLOWER_PORT"] = str(web), str(flower)
        self._choose_flower_login()
        if not {METRICS_TOKEN, f"{METRICS_TOKEN}_FILE"} & self._env.keys():
            self._env[METRICS_TOKEN] = remembered_secret(self._data_dir / "metrics.token")
        self._env["WORKERS"] = str(self._workers)
        self._env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{self._env.get('PATH', os.defpath)}"
        self._env["PYTHONUNBUFFERED"] = "1"
        names = {entry.name for entry in self._entries}
        addresses = {WEB: f"http://{ports.LOOPBACK}:{web}", FLOWER: f"http://{ports.LOOPBACK}:{flower}"}
        self._addresses = {name: address for name, address in addresses.items() if name in names}

    def _choose_flower_login(self) -> None:
        """The login in the settings, else one of our own. Its file exists only while it is the one in use."""
        file = self._data_dir / FLOWER_PASSWORD_FILE
        if self._env.get("FLOWER_BASIC_AUTH"):
            file.unlink(missing_ok=True)
        else:
            self._env["FLOWER_BASIC_AUTH"] = f"{FLOWER_USER}:{remembered_secret(file)}"

    def _programs(self, entry: procfile.Entry) -> list[Program]:
        """One for each instance; its number is ``$INSTANCE``."""
        count = self._workers if entry.name == WORKER else 1
        programs = []
        for instance in range(1, count + 1):
            name = f"{entry.name}.{instance}" if count > 1 else entry.name
            env = {**self._env, "INSTANCE": str(instance)}
            if entry.name != RELEASE:  # no process that serves may own the tables
                env.pop(MIGRATIONS_URL, None)
                env.pop(f"{MIGRATIONS_URL}_FILE", None)
            sign_file = self._signs / name if entry.name in WATCHED else None
            if sign_file is not None:
                env["SESSIONSCRIBE_SIGN_FILE"] = str(sign_file)
            programs.append(
                Program(
                    name=name,
                    argv=tuple(procfile.expand(entry, env)),
                    env=env,
                    log_name=entry.name,
                    folder=self._folder,
                    grace_seconds=self._grace_seconds.get(entry.name, DEFAULT_GRACE_SECONDS),
                    sign_file=sign_file,
                )
            )
        return programs

    def _write_state(self, pids: list[int]) -> None:
        own = ProcessMark.of(os.getpid())
        if own is None:
            return
        marks = tuple(mark for mark in map(ProcessMark.of, pids) if mark)
        self._state.write(
            StackStatus(own, self._ready, self._addresses, log_dir=self._data_dir / "logs", processes=marks)
        )


# The stack's own numbers: the default, and the largest that is taken.
_LOGIN = re.compile(r"[^:].*:.*[^:]", re.DOTALL)
_NUMBERS = {
    "PORT": (WEB_PORT, ports.LAST_PORT),
    "FLOWER_PORT": (FLOWER_PORT, ports.LAST_PORT),
    "WORKERS": (os.cpu_count() or 1, MOST_WORKERS),
}


def problems_in(env: Mapping[str, str]) -> list[str]:
    """What is wrong with the settings that only the stack reads, a sentence for each."""
    problems = [
        f"{name} must be a number from 1 to {at_most}"
        for name, (_, at_most) in _NUMBERS.items()
        if not _is_number(_number(env, name), at_most)
    ]
    login = env.get("FLOWER_BASIC_AUTH", "")
    if login and not all(_LOGIN.fullmatch(pair) for pair in login.split(",")):
        problems.append("FLOWER_BASIC_AUTH must be user:password")
    return problems


def _is_number(raw: str, at_most: int) -> bool:
    return re.fullmatch("[0-9]{1,9}", raw) is not None and 1 <= int(raw) <= at_most


def _number(env: Mapping[str, str], name: str) -> str:
    """As it is set; the default where it is not, or is empty."""
    return env.get(name, "").strip() or str(_NUMBERS[name][0])


def _server_program(server: Server) -> Program:
    return Program(
        name=server.name,
        argv=tuple(server.command()),
        env=bare_environment(),
        log_name=server.name,
        stop_signal=signal.Signals(server.stop_signal),
        grace_seconds=server.grace_seconds,
    )
