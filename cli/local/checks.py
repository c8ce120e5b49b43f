"""What ``doctor`` looks at: each part in turn, with what was found and what to do about it."""

import os
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
from redis import Redis
from redis.exceptions import RedisError

from cli.local import database_checks, deployment, speech_checks
from cli.local.findings import Finding, bad, doubtful, good
from embedded.envfile import EnvFileError
from shared.db.connection.engine import Database, DatabaseError
from shared.domain.errors import Unavailable
from shared.services.operations import anchors
from shared.settings import MIB, Settings, SettingsError
from shared.storage.local_store import MARKER, LocalStore
from shared.storage.opening import open_store
from shared.storage.s3 import S3Store
from shared.vault import census, root_key
from shared.vault.keystore import KeyStore, KeyStoreError

_OLDEST_REDIS = (6, 2)


def examine(data: Path) -> Iterator[Finding]:
    """Every finding about the deployment of the environment, or the stack in ``data``; changes nothing.

    A part that is away keeps none of the others from being looked at. Raises CommandError if there is no
    deployment.
    """
    try:
        known = deployment.read(data)
    except SettingsError as error:
        for problem in error.problems:
            yield bad("settings", problem, "Correct it in the environment or in .env; see docs/settings.md.")
        return
    except EnvFileError as error:
        yield bad("settings", str(error), "Correct the line: KEY=VALUE, or a comment with # in front.")
        return
    yield good("settings", "complete and well-formed")
    looks = (
        database_checks.examine,
        _redis,
        _storage,
        _keys,
        _engines,
        speech_checks.examine,
        speech_checks.risk_model,
    )
    for look in looks:
        yield from look(known)


def _redis(known: Settings) -> Iterator[Finding]:
    try:
        with Redis.from_url(known.redis_url, socket_connect_timeout=3, socket_timeout=3) as redis:
            told = redis.info()
    except RedisError as error:
        yield bad(
            "redis",
            f"does not answer ({type(error).__name__})",
            "Check REDIS_URL and start Redis. Uploads are accepted meanwhile; no work is done.",
        )
        return
    version = str(told["redis_version"])
    if tuple(int(part) for part in version.split(".")[:2]) < _OLDEST_REDIS:
        yield bad("redis", f"is {version}", "Celery 5.7 needs 6.2 or newer.")
    elif "valkey_version" in told:
        yield good("redis", f"answers, Valkey {told['valkey_version']}")
    else:
        yield good("redis", f"answers, version {version}")
    if (policy := told.get("maxmemory_policy", "noeviction")) != "noeviction":
        yield bad(
            "redis",
            f"evicts keys when it is full ({policy})",
            "Set `maxmemory-policy noeviction`: an evicted message comes again only after a pause.",
        )
    if not told.get("aof_enabled", 1):
        yield doubtful(
            "redis",
            "forgets what it holds when it restarts",
            "Set `appendonly yes`: nothing is lost without it, but everything unfinished is sent again.",
        )


def _storage(known: Settings) -> Iterator[Finding]:
    store = open_store(known.storage_url, known.s3)
    if isinstance(store, LocalStore) and (unmarked := _unmarked(store)):
        yield unmarked
        return
    where = "the bucket" if isinstance(store, S3Store) else "the folder"
    try:
        begun = time.monotonic()
        store.check()
        took = time.monotonic() - begun
        free = store.free_bytes()
        versions = isinstance(store, S3Store) and store.keeps_versions()
    except Unavailable as error:
        yield bad(
            "storage",
            f"{where} of STORAGE_URL cannot be written to ({error.code})",
            "Check that it exists, its rights, SESSIONSCRIBE_S3_* and the log's `storage_refused`.",
        )
        return
    yield good("storage", f"{where} can be written to ({took * 1000:.0f} ms)")
    if free < known.min_free_disk_mib * MIB:
        yield bad(
            "storage",
            f"{free // MIB} MiB are free, uploads need {known.min_free_disk_mib}",
            "Make room, or lower SESSIONSCRIBE_MIN_FREE_DISK_MIB. New uploads answer 503 until then.",
        )
    if versions and known.direct_uploads != "no":
        yield bad(
            "storage",
            "the bucket keeps versions, also of what clients put into it directly",
            "Switch versioning off: what lies in `incoming/` is not encrypted by us, and stays as a version.",
        )
    elif versions:
        yield doubtful(
            "storage",
            "the bucket keeps versions of what is deleted",
            "Switch versioning off or let a rule remove old versions; they are unreadable but paid for.",
        )


def _unmarked(store: LocalStore) -> Finding | None:
    try:
        if store.is_set_up:
            return None
    except Unavailable as error:
        return bad(
            "storage",
            f"the folder of STORAGE_URL cannot be looked into ({error.code})",
            "Give this user rights on it.",
        )
    return bad(
        "storage",
        f"the folder of STORAGE_URL does not exist, or lacks the file {MARKER} that set-up leaves in it",
        "Mount the disk that holds the recordings, or correct STORAGE_URL. A new deployment: run "
        "`sessionscribe setup`. Uploads answer 503 until then.",
    )


def _keys(known: Settings) -> Iterator[Finding]:
    folder = known.keys_dir
    try:
        keys = KeyStore(folder, known.root_key_command)
        is_known = _is_known(known, keys)
    except KeyStoreError as error:
        yield bad("keys", str(error), "Without the key store nothing can be read: see docs/operations.md.")
        return
    except OSError:
        yield bad("keys", "the key store cannot be read", f"Give this user rights on {folder}.")
        return
    if folder.stat().st_mode & 0o077:
        yield bad("keys", "others can look into the key store", f"chmod 700 {folder}")
    elif not os.access(folder, os.W_OK):
        yield bad("keys", "the key store cannot be written to", "New sessions need keys: make it writable.")
    else:
        yield good("keys", "readable, and closed to others")
    if is_known is False:
        yield doubtful("keys", "the database cannot tell whose key store this is", "Run the `release` step.")
    if known.root_key_command and not root_key.is_protected(folder):
        yield doubtful("keys", "root.key is not protected yet", "Run `sessionscribe vault rotate root`.")
    yield from _rotations(keys)
    if _is_on_disk_of_recordings(folder, known.storage_url):
        yield doubtful(
            "keys",
            "the keys lie on the same disk as the recordings",
            "A thief of the disk would have both: put SESSIONSCRIBE_KEYS_DIR on another disk.",
        )


def _is_on_disk_of_recordings(folder: Path, storage_url: str) -> bool:
    parts = urlsplit(storage_url)
    recordings = Path(parts.path)
    is_here = parts.scheme == "file" and recordings.exists()
    return is_here and recordings.stat().st_dev == folder.stat().st_dev


def _rotations(keys: KeyStore) -> Iterator[Finding]:
    try:
        found = census.take(keys)
    except (KeyStoreError, Unavailable):
        return  # it was told above
    for name in found.damaged:
        yield bad("keys", f"{name} is damaged", "Restore it from a backup of the keys.")
    if found.is_rotating:
        yield doubtful(
            "keys",
            f"a rotation of keys has not ended; {found.left} keys are left",
            "If none is running now, run its `sessionscribe vault rotate` command again.",
        )


def _is_known(known: Settings, keys: KeyStore) -> bool | None:
    """Whether the database knows this key store; None if it is away. Raises KeyStoreError for another's."""
    with closing(Database(known.database_url, pool_size=1)) as database:
        try:
            return anchors.require_own_keys(database, keys)
        except (Unavailable, DatabaseError):
            return None


def _engines(known: Settings) -> Iterator[Finding]:
    if "openai" not in (*known.offered_transcribers, known.extractor):
        yield good("engines", f"{known.transcriber} and {known.extractor} need no other server")
        return
    yield from _engine_server(known)


def _engine_server(known: Settings) -> Iterator[Finding]:
    base = (known.openai_base_url or "https://api.openai.com/v1").rstrip("/")
    headers = {"Authorization": f"Bearer {known.openai_api_key}"} if known.openai_api_key else {}
    try:
        answer = httpx2.get(f"{base}/models", headers=headers, timeout=10)
    except httpx2.HTTPError as error:
        yield bad(
            "engines",
            f"the engine's server does not answer ({type(error).__name__})",
            "Check OPENAI_BASE_URL and the way out of this network. Work waits, and goes on by itself.",
        )
        return
    if answer.status_code in (401, 403):
        yield bad(
            "engines", f"the engine's server refuses the key ({answer.status_code})", "See OPENAI_API_KEY."
        )
    elif answer.status_code >= 500:
        yield doubtful("engines", f"the engine's server answers {answer.status_code}", "Look again later.")
    else:
        yield good("engines", "the engine's server answers")
