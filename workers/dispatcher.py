"""The dispatcher's process: ``python -m workers.dispatcher``. Any number may run."""

import functools
import math
import os
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import structlog
from redis import Redis

from shared import logs
from shared.db.connection.engine import Database, DatabaseError
from shared.db.queries.work import heartbeats
from shared.domain.errors import Unavailable
from shared.outbound import traces
from shared.queue import WorkQueue, make_app
from shared.services import idempotency
from shared.services.alerts import risk_alerts
from shared.services.audit_trail import anchors, chaining, checkpoints
from shared.services.audit_trail.anchors import Anchorage
from shared.services.jobs import dispatching
from shared.services.jobs.dispatching import Broker
from shared.services.lifecycle import deletion
from shared.services.operations import reconciliation, startup
from shared.services.operations.liveness import Pulse, SignsOfLife
from shared.services.operations.reconciliation import Places
from shared.services.operations.startup import NotYet
from shared.services.retention import sweep as retention
from shared.services.retention import trail
from shared.services.sessions import digests
from shared.services.uploads import resumable
from shared.settings import Settings, load
from shared.storage.opening import open_store
from shared.storage.recordings import Recordings
from shared.vault.keystore import KeyStore, KeyStoreError
from shared.vault.sealing import Vault
from workers import packager
from workers.liveness import sign_file
from workers.packager import Packager

log = structlog.get_logger(__name__)

PARTIALS_KEPT_SECONDS = 24 * 3600
EACH_LOOK = 0.0
SWEEP_EVERY_SECONDS = 3600.0
REMIND_EVERY_SECONDS = 60.0
RETAIN_EVERY_SECONDS = 60.0


@dataclass
class Chore:
    """Something to do every so many seconds; the first time at once."""

    every_seconds: float
    do: Callable[[], object]
    since: float = math.inf

    def do_if_due(self, seconds: float) -> None:
        """Do it if it is due, ``seconds`` after the last look."""
        self.since += seconds
        if self.since >= self.every_seconds:
            self.since = 0.0
            self.do()


def main() -> None:
    """Dispatch until SIGTERM or SIGINT."""
    settings = load(os.environ)
    logs.configure("dispatcher", settings.log_level)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        _wait_for_what_is_needed(settings, stop)
    except NotYet:
        return
    traces.install(settings.traces_endpoint, "dispatcher")
    pulse = Pulse()
    name = f"{heartbeats.DISPATCHER}@{socket.gethostname()}"
    life = SignsOfLife(settings.database_url, name, heartbeats.DISPATCHER, pulse.is_felt, sign_file())
    life.begin()
    run(settings, stop, pulse)


def _wait_for_what_is_needed(settings: Settings, stop: threading.Event) -> None:
    """On a cold machine the dispatcher may come before the database, the schema and the keys."""
    database = Database(settings.database_url, pool_size=1)
    startup.wait_for(lambda: startup.database_ready(database), stop.is_set)
    startup.wait_for(
        lambda: startup.keys_ready(settings.keys_dir, database, settings.root_key_command), stop.is_set
    )
    database.close()


def run(settings: Settings, stop: threading.Event, pulse: Pulse | None = None) -> None:
    """One look after the other until ``stop`` is set; outages are waited for."""
    pulse = pulse or Pulse()
    database = Database(settings.database_url, pool_size=1)
    chores = _chores(settings, database)
    while not stop.wait(seconds := settings.dispatch_interval_seconds):
        pulse.beat()
        try:
            for chore in chores:
                chore.do_if_due(seconds)
        except (Unavailable, DatabaseError) as error:
            log.warning("dispatcher_waits", error=type(error).__name__)
        except Exception as error:  # noqa: BLE001 - an entrance: a bug costs one look, and is told without its words
            log.error("dispatcher_broke", error=type(error).__name__)  # noqa: TRY400 - a traceback may quote


def _chores(settings: Settings, database: Database) -> list[Chore]:
    """In their order within a look. One that fails leaves those after it to the next look."""
    queue = WorkQueue(make_app(settings.redis_url, socket_timeout=2))
    redis = Redis.from_url(settings.redis_url, socket_timeout=2, socket_connect_timeout=1)
    store = open_store(settings.storage_url, settings.s3)
    keys = KeyStore(settings.keys_dir, settings.root_key_command)
    recordings, vault = Recordings(store, keys), Vault(keys)
    anchorage = Anchorage(settings.audit_anchors_dir)
    packages = Packager.of(settings, database, queue, recordings, vault)
    places = Places(database, store, keys)
    hours = settings.risk_reminder_hours
    return [
        # First: a missing disk or broker must not delay a reminder of a danger.
        Chore(REMIND_EVERY_SECONDS, lambda: risk_alerts.remind_overdue(database, hours=hours)),
        Chore(EACH_LOOK, lambda: dispatching.fail_exhausted(database)),
        Chore(EACH_LOOK, lambda: _dispatch(database, queue, redis, settings.redispatch_seconds)),
        Chore(EACH_LOOK, lambda: resumable.sweep(database)),
        Chore(EACH_LOOK, lambda: deletion.erase_due(database, recordings, keys)),
        Chore(RETAIN_EVERY_SECONDS, lambda: _retain(database, recordings, keys)),
        Chore(packager.EVERY_SECONDS, packages.begin),
        Chore(chaining.EVERY_SECONDS, lambda: _chain(database, keys)),
        Chore(anchors.EVERY_SECONDS, lambda: _anchor(database, anchorage)),
        Chore(SWEEP_EVERY_SECONDS, lambda: _sweep(settings, places, vault)),
    ]


def _dispatch(database: Database, queue: WorkQueue, redis: Redis, redispatch_seconds: float) -> None:
    # With the broker away nothing is taken as sent: the pauses between repeats stay short.
    if dispatching.look_at_broker(database, redis) is not Broker.AWAY:
        dispatching.dispatch_due(database, queue, redispatch_seconds=redispatch_seconds)


def _anchor(database: Database, anchorage: Anchorage) -> None:
    """To the folder, and to webhooks that asked for it."""
    anchorage.write_new(database)
    checkpoints.publish_due(database)


def _sweep(settings: Settings, places: Places, vault: Vault) -> None:
    """What is left over goes; rows, objects and keys are compared."""
    places.store.sweep_partials(PARTIALS_KEPT_SECONDS)
    idempotency.sweep(places.database)
    digests.seal_plain_ones(places.database, vault)
    _reconcile_meanwhile(settings, places)


def _retain(database: Database, recordings: Recordings, keys: KeyStore) -> None:
    """What the rules let go; of the trail only where its chains have their key."""
    retention.run_due(database, recordings, keys)
    with suppress(KeyStoreError):  # told when new lines are to be chained
        trail.run_due(database, chaining.secret_of(database, keys.folder))


def _chain(database: Database, keys: KeyStore) -> None:
    """A lost key of the chains stops nothing else."""
    try:
        chaining.chain_new(database, chaining.secret_of(database, keys.folder))
    except KeyStoreError as error:
        log.error("audit_trail_not_chained", reason=str(error))  # noqa: TRY400 - says all that there is


def _reconcile_meanwhile(settings: Settings, places: Places) -> None:
    """In a thread of its own: to list a large store takes minutes, in which work must be sent on."""
    kept = settings.orphans_kept_hours * 3600
    compare = functools.partial(reconciliation.reconcile_daily, places, grace_seconds=kept)
    threading.Thread(target=compare, name="reconciling", daemon=True).start()


if __name__ == "__main__":
    main()
