"""The courier's process, which delivers webhooks: ``python -m workers.courier``. Any number may run."""

import os
import signal
import socket
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing
from functools import partial
from uuid import UUID

import structlog

from shared import logs
from shared.db.connection.engine import Database, DatabaseError
from shared.db.queries import deliveries
from shared.db.queries.deliveries import Taken
from shared.db.queries.work import heartbeats
from shared.domain.errors import Unavailable
from shared.outbound.posting import Poster
from shared.services.operations import startup
from shared.services.operations.liveness import Pulse, SignsOfLife
from shared.services.operations.startup import NotYet
from shared.services.webhooks import delivery as webhook_delivery
from shared.settings import Settings, load
from shared.vault.keystore import KeyStore
from shared.vault.sealing import Vault
from workers.liveness import sign_file

log = structlog.get_logger(__name__)

AT_ONCE = 8  # posts side by side: as many slow endpoints, and never two posts to one
SWEEP_EVERY_SECONDS = 3600.0


def main() -> None:
    """Deliver until SIGTERM or SIGINT."""
    settings = load(os.environ)
    logs.configure("courier", settings.log_level)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with closing(Database(settings.database_url, pool_size=1)) as database:
        try:
            startup.wait_for(lambda: startup.database_ready(database), stop.is_set)
            startup.wait_for(
                lambda: startup.keys_ready(settings.keys_dir, database, settings.root_key_command),
                stop.is_set,
            )
        except NotYet:
            return
    pulse = Pulse()
    name = f"{heartbeats.COURIER}@{socket.gethostname()}"
    SignsOfLife(settings.database_url, name, heartbeats.COURIER, pulse.is_felt, sign_file()).begin()
    run(settings, stop, pulse=pulse)


def run(
    settings: Settings, stop: threading.Event, poster: Poster | None = None, pulse: Pulse | None = None
) -> None:
    """Take and deliver what is due until ``stop`` is set; what is on its way then is waited for."""
    pulse = pulse or Pulse()
    database = Database(settings.database_url, pool_size=AT_ONCE)
    vault = Vault(KeyStore(settings.keys_dir, settings.root_key_command))
    deliver = partial(
        webhook_delivery.deliver,
        database,
        vault,
        poster or Poster(settings.webhook_networks, settings.webhook_ports),
    )
    pause = settings.dispatch_interval_seconds
    since_sweep = SWEEP_EVERY_SECONDS
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="courier") as pool:
        under_way: dict[Future[bool], UUID] = {}
        while not stop.wait(0 if under_way else pause):
            pulse.beat()
            since_sweep += pause
            try:
                for taken in _due(database, under_way):
                    under_way[pool.submit(_guarded, deliver, taken)] = taken.endpoint_id
                if since_sweep >= SWEEP_EVERY_SECONDS:
                    since_sweep = 0.0
                    _sweep(database)
            except (Unavailable, DatabaseError) as error:
                log.warning("courier_waits", error=type(error).__name__)
                stop.wait(pause)
            for done in wait(under_way, timeout=pause, return_when=FIRST_COMPLETED).done:
                del under_way[done]
    database.close()


def _due(database: Database, under_way: dict[Future[bool], UUID]) -> list[Taken]:
    room = AT_ONCE - len(under_way)
    if not room:
        return []
    with database.operating() as db:
        return deliveries.take_due(
            db, lease_seconds=webhook_delivery.LEASE_SECONDS, limit=room, busy=set(under_way.values())
        )


def _guarded(deliver: Callable[[Taken], bool], taken: Taken) -> bool:
    """One delivery; any error costs it this attempt, and its lease runs out."""
    try:
        return deliver(taken)
    except Exception as error:  # noqa: BLE001 - an entrance: a bug in one delivery must not stop the others
        log.error("delivery_broke", error=type(error).__name__)  # noqa: TRY400 - a traceback may quote
        return False


def _sweep(database: Database) -> None:
    with database.operating() as db:
        deliveries.sweep(db, kept_days=webhook_delivery.KEPT_DAYS)


if __name__ == "__main__":
    main()
