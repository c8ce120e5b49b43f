"""Resources from settings, for a process of the API."""

from shared.db.connection.engine import Database
from shared.media.isolation.sandbox import Sandbox
from shared.media.limits import MediaLimits
from shared.queue import WorkQueue, make_app
from shared.services.resources import Resources
from shared.settings import Settings
from shared.storage.opening import open_store
from shared.storage.recordings import Recordings
from shared.vault.keystore import KeyStore
from shared.vault.sealing import Vault

# An upload must not hang on a broker that is away: the row in Postgres is the promise.
_BROKER_TIMEOUT_SECONDS = 2.0


def build_resources(settings: Settings) -> Resources:
    """What the services need; connects to nothing yet. Raises KeyStoreError or ValueError."""
    keys = KeyStore(settings.keys_dir, settings.root_key_command)
    return Resources(
        settings=settings,
        database=Database(settings.database_url, pool_size=10),
        vault=Vault(keys),
        recordings=Recordings(open_store(settings.storage_url, settings.s3), keys),
        decoder=Sandbox(MediaLimits(max_seconds=settings.max_recording_seconds)),
        queue=WorkQueue(make_app(settings.redis_url, socket_timeout=_BROKER_TIMEOUT_SECONDS)),
    )
