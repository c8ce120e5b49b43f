"""The dispatcher's thread that prepares packages: it may take minutes, in which work must be sent on."""

import threading
from collections.abc import Iterator
from uuid import UUID

import structlog

from shared.db.connection.engine import Database, DatabaseError
from shared.domain.errors import Unavailable
from shared.media.isolation.sandbox import Sandbox
from shared.media.limits import MediaLimits
from shared.queue import WorkQueue
from shared.services.access.caller import Caller
from shared.services.resources import Resources
from shared.services.rights import packaging
from shared.services.rights.packaging import Progress
from shared.settings import Settings
from shared.storage.recordings import Recordings
from shared.vault.sealing import Vault

log = structlog.get_logger(__name__)

EVERY_SECONDS = 2.0


class Packager:
    """At most one thread at a time; with several dispatchers a claim decides which prepares what."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._thread: threading.Thread | None = None

    @classmethod
    def of(
        cls, settings: Settings, database: Database, queue: WorkQueue, recordings: Recordings, vault: Vault
    ) -> "Packager":
        """A packager over what the dispatcher has."""
        decoder = Sandbox(MediaLimits(max_seconds=settings.max_recording_seconds))  # decodes nothing here
        return cls(Resources(settings, database, vault, recordings, decoder, queue))

    def begin(self) -> None:
        """Look for packages that are due, unless the last look goes on."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="packaging", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        try:
            packaging.run_due(self._resources, _make)
        except (Unavailable, DatabaseError) as error:
            log.warning("packaging_waits", error=type(error).__name__)
        except Exception as error:  # noqa: BLE001 - an entrance: a bug costs one look, and is told without its words
            log.error("packaging_broke", error=type(error).__name__)  # noqa: TRY400 - a traceback may quote


def _make(
    resources: Resources, caller: Caller, patient_id: UUID, password: str | None, progress: Progress
) -> Iterator[bytes]:
    from shared.exports.package import package  # only when one is due: its libraries are large

    yield from package(resources, caller, patient_id, password, progress)
