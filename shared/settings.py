"""The one place that reads the environment; everything else is handed values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from shared import consistency, parsing
from shared.domain import engines
from shared.domain.engines import RULES, WHISPER

MIB = 1024 * 1024


class SettingsError(ValueError):
    """One or more settings are missing or wrong; the message names all of them."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("the settings need attention:\n" + "\n".join(f"  - {line}" for line in problems))
        self.problems = problems


def _setting(variable: str, parse: Callable[[str], Any] = str, **options: Any) -> Any:
    """A dataclass field that is read from ``variable``; without a default it is required."""
    return field(metadata={"variable": variable, "parse": parse}, **options)


@dataclass(frozen=True, slots=True)
class S3Access:
    """How to reach S3: keys None: the machine's own role; ``public_endpoint``: where clients reach it."""

    endpoint: str | None
    region: str
    access_key_id: str | None = field(repr=False)
    secret_access_key: str | None = field(repr=False)
    public_endpoint: str | None = None


_POSTGRES = parsing.address("postgresql", "postgresql+psycopg2", host=False, path="a database")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings; ``docs/settings.md`` says of each what it does. Secrets stay out of the repr."""

    database_url: str = _setting("DATABASE_URL", _POSTGRES, repr=False)
    migrations_database_url: str | None = _setting(
        "SESSIONSCRIBE_MIGRATIONS_DATABASE_URL", _POSTGRES, default=None, repr=False
    )
    redis_url: str = _setting("REDIS_URL", parsing.address("redis", "rediss", "unix", host=False), repr=False)
    storage_url: str = _setting("STORAGE_URL", parsing.storage)
    s3_endpoint: str | None = _setting(
        "SESSIONSCRIBE_S3_ENDPOINT", parsing.address("http", "https"), default=None
    )
    s3_region: str = _setting(
        "SESSIONSCRIBE_S3_REGION",
        parsing.named("[a-z0-9-]+", "a region's name such as eu-central-1"),
        default="us-east-1",
    )
    s3_access_key_id: str | None = _setting("SESSIONSCRIBE_S3_ACCESS_KEY_ID", default=None, repr=False)
    s3_secret_access_key: str | None = _setting(
        "SESSIONSCRIBE_S3_SECRET_ACCESS_KEY", default=None, repr=False
    )
    s3_public_endpoint: str | None = _setting(
        "SESSIONSCRIBE_S3_PUBLIC_ENDPOINT", parsing.address("http", "https"), default=None
    )
    direct_uploads: str = _setting(
        "SESSIONSCRIBE_DIRECT_UPLOADS", parsing.one_of("no", "sse-s3", "bucket"), default="no"
    )
    keys_dir: Path = _setting("SESSIONSCRIBE_KEYS_DIR", parsing.absolute_path)  # noqa: RUF009 - _setting gives a field()
    root_key_command: str | None = _setting(
        "SESSIONSCRIBE_ROOT_KEY_COMMAND", parsing.command, default=None, repr=False
    )
    transcriber: str = _setting(
        "SESSIONSCRIBE_TRANSCRIBER", parsing.one_of(*engines.TRANSCRIBERS), default=WHISPER
    )
    also_offered: tuple[str, ...] = _setting(
        "SESSIONSCRIBE_TRANSCRIBERS",
        parsing.matching(f"(?:{engines.TRANSCRIBER_NAME})", f"openai, {WHISPER}, {WHISPER}:MODEL"),
        default=(),
    )
    extractor: str = _setting("SESSIONSCRIBE_EXTRACTOR", parsing.one_of(*engines.EXTRACTORS), default=RULES)
    openai_api_key: str | None = _setting("OPENAI_API_KEY", default=None, repr=False)
    openai_base_url: str | None = _setting("OPENAI_BASE_URL", parsing.address("http", "https"), default=None)
    openai_in_house: bool = _setting("SESSIONSCRIBE_OPENAI_IN_HOUSE", parsing.yes_or_no, default=False)
    deidentify: bool = _setting("SESSIONSCRIBE_DEIDENTIFY", parsing.yes_or_no, default=False)
    openai_transcription_model: str = _setting(
        "SESSIONSCRIBE_OPENAI_TRANSCRIPTION_MODEL", default="gpt-transcribe"
    )
    openai_notes_model: str | None = _setting("SESSIONSCRIBE_OPENAI_NOTES_MODEL", default=None)
    openai_notes_window_tokens: int = _setting(
        "SESSIONSCRIBE_OPENAI_NOTES_WINDOW_TOKENS", parsing.number(int, 8192, 10_000_000), default=100_000
    )
    openai_notes_usd_per_million_input: float | None = _setting(
        "SESSIONSCRIBE_OPENAI_NOTES_USD_PER_MILLION_INPUT", parsing.number(float, 0.0, 10_000.0), default=None
    )
    openai_notes_usd_per_million_output: float | None = _setting(
        "SESSIONSCRIBE_OPENAI_NOTES_USD_PER_MILLION_OUTPUT",
        parsing.number(float, 0.0, 10_000.0),
        default=None,
    )
    openai_timestamps: str = _setting(
        "SESSIONSCRIBE_OPENAI_TIMESTAMPS", parsing.one_of("auto", "yes", "no"), default="auto"
    )
    openai_usd_per_minute: float | None = _setting(
        "SESSIONSCRIBE_OPENAI_USD_PER_MINUTE", parsing.number(float, 0.0, 100.0), default=None
    )
    openai_max_calls: int | None = _setting(
        "SESSIONSCRIBE_OPENAI_MAX_CALLS", parsing.number(int, 1, 1000), default=None
    )
    openai_calls_per_minute: int = _setting(
        "SESSIONSCRIBE_OPENAI_CALLS_PER_MINUTE", parsing.number(int, 1, 1_000_000), default=1000
    )
    whisper_model: str = _setting("SESSIONSCRIBE_WHISPER_MODEL", default="tiny.en")
    models_dir: Path | None = _setting("SESSIONSCRIBE_MODELS_DIR", parsing.absolute_path, default=None)  # noqa: RUF009 - as above
    whisper_device: str = _setting(
        "SESSIONSCRIBE_WHISPER_DEVICE", parsing.one_of("auto", "cpu", "cuda"), default="auto"
    )
    whisper_compute_type: str | None = _setting(
        "SESSIONSCRIBE_WHISPER_COMPUTE_TYPE", parsing.one_of(*parsing.COMPUTE_TYPES), default=None
    )
    whisper_cpu_threads: int = _setting(
        "SESSIONSCRIBE_WHISPER_CPU_THREADS", parsing.number(int, 1, 64), default=1
    )

    max_upload_bytes: int = _setting(
        "SESSIONSCRIBE_MAX_UPLOAD_BYTES", parsing.number(int, 1024, 100_000 * MIB), default=500 * MIB
    )
    max_recording_seconds: int = _setting(
        "SESSIONSCRIBE_MAX_RECORDING_SECONDS", parsing.number(int, 1, 86_400), default=4 * 3600
    )
    uploads_per_hour: int = _setting(
        "SESSIONSCRIBE_UPLOADS_PER_HOUR", parsing.number(int, 1, 100_000), default=10
    )
    attempts_per_hour: int = _setting(
        "SESSIONSCRIBE_UPLOAD_ATTEMPTS_PER_HOUR", parsing.number(int, 1, 1_000_000), default=100
    )
    extractions_per_hour: int = _setting(
        "SESSIONSCRIBE_EXTRACTIONS_PER_HOUR", parsing.number(int, 1, 100_000), default=20
    )
    uploads_at_once: int = _setting("SESSIONSCRIBE_UPLOADS_AT_ONCE", parsing.number(int, 1, 1000), default=8)
    anonymous_per_minute: int = _setting(
        "SESSIONSCRIBE_ANONYMOUS_PER_MINUTE", parsing.number(int, 1, 10_000_000), default=600
    )
    public_url: str | None = _setting("SESSIONSCRIBE_PUBLIC_URL", parsing.web_address, default=None)
    oidc_issuer: str | None = _setting("SESSIONSCRIBE_OIDC_ISSUER", parsing.web_address, default=None)
    oidc_client_id: str | None = _setting("SESSIONSCRIBE_OIDC_CLIENT_ID", default=None)
    oidc_client_secret: str | None = _setting("SESSIONSCRIBE_OIDC_CLIENT_SECRET", default=None, repr=False)
    trusted_proxies: tuple[str, ...] = _setting("SESSIONSCRIBE_TRUSTED_PROXIES", parsing.networks, default=())
    webhook_networks: tuple[str, ...] = _setting(
        "SESSIONSCRIBE_WEBHOOK_NETWORKS", parsing.networks, default=()
    )
    plaintext_hosts: tuple[str, ...] = _setting(
        "SESSIONSCRIBE_PLAINTEXT_HOSTS", parsing.matching(r"[\w.:-]+", "host names"), default=()
    )
    webhook_ports: tuple[range, ...] = _setting(
        "SESSIONSCRIBE_WEBHOOK_PORTS", parsing.ports, default=parsing.WEB_PORTS
    )
    practice_mib_per_day: int = _setting(
        "SESSIONSCRIBE_PRACTICE_MIB_PER_DAY", parsing.number(int, 1, 1_000_000_000), default=50 * 1024
    )
    practice_minutes_per_day: int = _setting(
        "SESSIONSCRIBE_PRACTICE_MINUTES_PER_DAY", parsing.number(int, 1, 100_000_000), default=10_000
    )
    min_free_disk_mib: int = _setting(
        "SESSIONSCRIBE_MIN_FREE_DISK_MIB", parsing.number(int, 0, 1_000_000_000), default=1024
    )

    risk_alert_severity: str = _setting(
        "SESSIONSCRIBE_RISK_ALERT_SEVERITY", parsing.one_of("low", "medium", "high"), default="high"
    )
    risk_reminder_hours: float = _setting(
        "SESSIONSCRIBE_RISK_REMINDER_HOURS", parsing.number(float, 0.01, 1000.0), default=4.0
    )

    lease_seconds: float = _setting(
        "SESSIONSCRIBE_LEASE_SECONDS", parsing.number(float, 1.0, 3600.0), default=30.0
    )
    dispatch_interval_seconds: float = _setting(
        "SESSIONSCRIBE_DISPATCH_INTERVAL_SECONDS", parsing.number(float, 0.05, 60.0), default=0.5
    )
    redispatch_seconds: float = _setting(
        "SESSIONSCRIBE_REDISPATCH_SECONDS", parsing.number(float, 0.1, 600.0), default=30.0
    )
    orphans_kept_hours: float = _setting(
        "SESSIONSCRIBE_ORPHANS_KEPT_HOURS", parsing.number(float, 1.0, 1_000_000.0), default=72.0
    )
    audit_anchors_dir: Path | None = _setting(  # noqa: RUF009 - as above
        "SESSIONSCRIBE_AUDIT_ANCHORS_DIR", parsing.absolute_path, default=None
    )
    backups_kept_days: int | None = _setting(
        "SESSIONSCRIBE_BACKUPS_KEPT_DAYS", parsing.number(int, 0, 36_500), default=None
    )
    metrics_token: str | None = _setting("SESSIONSCRIBE_METRICS_TOKEN", default=None, repr=False)
    traces_endpoint: str | None = _setting(
        "SESSIONSCRIBE_TRACES_ENDPOINT", parsing.address("http", "https"), default=None
    )
    log_level: str = _setting(
        "SESSIONSCRIBE_LOG_LEVEL", parsing.one_of("DEBUG", "INFO", "WARNING", "ERROR"), default="INFO"
    )

    @property
    def offered_transcribers(self) -> tuple[str, ...]:
        """The engines that a practice or an upload may have, the usual one first."""
        return tuple(dict.fromkeys((self.transcriber, *self.also_offered)))

    def whisper_model_of(self, transcriber: str) -> str | None:
        """The Whisper model of an engine's name; None if it is another engine."""
        engine, _, model = transcriber.partition(":")
        return (model or self.whisper_model) if engine == WHISPER else None

    def sends_away(self, engine: str) -> bool:
        """Whether the engine sends what was said to computers of others."""
        return engines.sends_away(engine, self.openai_in_house)

    @property
    def owner_url(self) -> str:
        """The database as its owner; where none is set, as everybody else."""
        return self.migrations_database_url or self.database_url

    @property
    def s3(self) -> S3Access:
        """How to reach S3, where ``storage_url`` names a bucket."""
        keys = self.s3_access_key_id, self.s3_secret_access_key
        return S3Access(self.s3_endpoint, self.s3_region, *keys, self.s3_public_endpoint)


def variables() -> list[str]:
    """The environment variables that are read, in the order of the settings."""
    return [setting.metadata["variable"] for setting in fields(Settings)]


def load(environment: Mapping[str, str]) -> Settings:
    """Settings from ``environment``, or from files (``<VARIABLE>_FILE``); SettingsError has every problem."""
    values: dict[str, Any] = {}
    problems = parsing.misspelt(environment, [*variables(), *consistency.OTHER_VARIABLES])
    for setting in fields(Settings):
        variable = setting.metadata["variable"]
        try:
            raw = parsing.raw_value(environment, variable)
            if raw:
                values[setting.name] = setting.metadata["parse"](raw)
            elif variable in consistency.REQUIRED:
                problems.append(f"{variable} is not set: {consistency.REQUIRED[variable]}")
        except ValueError as error:
            problems.append(f"{variable} {error}")
    problems += consistency.problems_between(values)
    if problems:
        raise SettingsError(problems)
    return Settings(**values)
