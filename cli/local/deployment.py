"""The deployment that a command on the server is about: one in the environment, else the stack in --data."""

import os
from dataclasses import dataclass
from pathlib import Path

from cli.exits import CommandError, Exit
from embedded.envfile import EnvFileError, read_env_file
from embedded.postgres import DATABASE, SUPERUSER, EmbeddedPostgres
from embedded.redis import EmbeddedRedis
from embedded.stack import MIGRATIONS_URL
from shared import parsing, settings
from shared.settings import Settings

BACKUP_DATABASE_URL = "SESSIONSCRIBE_BACKUP_DATABASE_URL"
# A stack that has never run has none yet; its first start chooses another port.
_REDIS_TO_COME = "redis://127.0.0.1:6379/0"


@dataclass(frozen=True)
class Deployment:
    """Its settings, and the database as a user whom row-level security does not bind (None: unknown)."""

    settings: Settings
    unbound_url: str | None


def find(data: Path) -> Deployment:
    """The deployment of the environment (and ``.env``), or the stack in ``data``; raises CommandError."""
    try:
        environment = _environment(data)
        return Deployment(settings.load(environment), environment.get(BACKUP_DATABASE_URL) or None)
    except (settings.SettingsError, EnvFileError) as error:
        raise CommandError(str(error), Exit.USAGE) from error


def read(data: Path) -> Settings:
    """Its settings alone. Raises SettingsError, EnvFileError, and CommandError if there is no deployment."""
    return settings.load(_environment(data))


def _environment(data: Path) -> dict[str, str]:
    environment = {**read_env_file(Path(".env")), **os.environ}
    if not environment.get("DATABASE_URL"):
        postgres = _embedded(data)
        environment["DATABASE_URL"] = postgres.url
        environment[MIGRATIONS_URL] = postgres.owner_url
        environment[BACKUP_DATABASE_URL] = postgres.url_of(DATABASE, SUPERUSER)
    if not environment.get("REDIS_URL") and (data / "redis").exists():
        redis = EmbeddedRedis(data / "redis")
        redis.recall()
        environment["REDIS_URL"] = redis.url
    environment.setdefault("REDIS_URL", _REDIS_TO_COME)
    environment.setdefault("STORAGE_URL", (data / "recordings").resolve().as_uri())
    environment.setdefault("SESSIONSCRIBE_KEYS_DIR", str((data / "keys").resolve()))
    environment.setdefault("SESSIONSCRIBE_MODELS_DIR", str((data / "models").resolve()))
    return environment


def root_key_command() -> str | None:
    """SESSIONSCRIBE_ROOT_KEY_COMMAND, also where there is no deployment yet; raises CommandError."""
    environment = {**read_env_file(Path(".env")), **os.environ}
    try:
        return parsing.raw_value(environment, "SESSIONSCRIBE_ROOT_KEY_COMMAND") or None
    except ValueError as error:
        raise CommandError(f"SESSIONSCRIBE_ROOT_KEY_COMMAND {error}.", Exit.USAGE) from error


def is_elsewhere() -> bool:
    """Whether the environment (or ``.env``) names a database of its own."""
    return bool({**read_env_file(Path(".env")), **os.environ}.get("DATABASE_URL"))


def _embedded(data: Path) -> EmbeddedPostgres:
    if not (data / "postgres" / "cluster").exists():
        raise CommandError(
            f"There is neither DATABASE_URL in the environment nor a stack in {data}.", Exit.USAGE
        )
    postgres = EmbeddedPostgres(data / "postgres")
    postgres.recall()
    return postgres
