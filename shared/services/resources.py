"""What every use case needs: the database, the vault, the recordings, the queue."""

from dataclasses import dataclass

from shared.db.connection.engine import Database
from shared.domain.ports import MediaDecoder
from shared.queue import WorkQueue
from shared.settings import Settings
from shared.storage.recordings import Recordings
from shared.vault.sealing import Vault


@dataclass(frozen=True)
class Resources:
    """Built once a process, at its entrance, and handed inward."""

    settings: Settings
    database: Database
    vault: Vault
    recordings: Recordings
    decoder: MediaDecoder
    queue: WorkQueue
