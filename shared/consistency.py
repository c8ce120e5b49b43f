"""Which settings there must be, and what must hold between them."""

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from ipaddress import ip_address
from typing import Any
from urllib.parse import SplitResult, parse_qs, urlsplit

# Names that begin like settings and are read elsewhere: by the command line and by the stack on one machine.
OTHER_VARIABLES = (
    "SESSIONSCRIBE_URL", "SESSIONSCRIBE_API_KEY", "SESSIONSCRIBE_DATA", "SESSIONSCRIBE_SIGN_FILE",
    "SESSIONSCRIBE_BACKUP_DATABASE_URL", "SESSIONSCRIBE_MODELS_FROM", "SESSIONSCRIBE_ENROLMENT_CODE",
)  # fmt: skip
REQUIRED = {
    "DATABASE_URL": "the Postgres to use, as postgresql://user:password@host/name",
    "REDIS_URL": "the Redis to use, as redis://:password@host:6379/0",
    "STORAGE_URL": "where recordings lie, as file:///absolute/folder or s3://bucket/prefix",
    "SESSIONSCRIBE_KEYS_DIR": "the key store's folder, on another disk than the database",
}


def problems_between(values: Mapping[str, Any]) -> list[str]:
    """What is wrong with settings that are each well-formed, as sentences for the operator."""
    problems = [*_engine_problems(values), *_storage_problems(values), *_plaintext_problems(values)]
    if bool(values.get("oidc_issuer")) != bool(values.get("oidc_client_id")):
        problems.append("SESSIONSCRIBE_OIDC_ISSUER and SESSIONSCRIBE_OIDC_CLIENT_ID: set both, or neither")
    if values.get("traces_endpoint") and find_spec("opentelemetry") is None:
        problems.append("SESSIONSCRIBE_TRACES_ENDPOINT needs the extra otel: make otel")
    return problems


def _storage_problems(values: Mapping[str, Any]) -> list[str]:
    """What would be noticed only by the first upload: half a credential, a bucket that is none."""
    problems = []
    if values.get("direct_uploads", "no") != "no" and values.get("storage_url", "").startswith("file:"):
        problems.append(
            "SESSIONSCRIBE_DIRECT_UPLOADS needs recordings in a bucket: set STORAGE_URL=s3://…, or no"
        )
    key, secret = values.get("s3_access_key_id"), values.get("s3_secret_access_key")
    if bool(key) == bool(secret):
        return problems
    missing = "SECRET_ACCESS_KEY" if key else "ACCESS_KEY_ID"
    return [
        *problems,
        f"SESSIONSCRIBE_S3_{missing} is not set: set both, or neither to take the machine's own role",
    ]


def _plaintext_problems(values: Mapping[str, Any]) -> list[str]:
    """Passwords and job ids that would cross a network in plaintext."""
    allowed = {"", "localhost", *values.get("plaintext_hosts", ())}
    problems = []
    for name, is_encrypted, how in (
        ("database_url", _is_postgres_encrypted, "append ?sslmode=verify-full"),
        ("redis_url", lambda url: url.scheme == "rediss", "begin it with rediss://"),
    ):
        url = urlsplit(values.get(name, ""))
        host = url.hostname or next(iter(parse_qs(url.query).get("host", ())), "")
        is_here = host in allowed or host.startswith("/") or _is_loopback(host)
        if not is_here and not is_encrypted(url):
            problems.append(
                f"{name.upper()} reaches another machine without TLS: {how}, or name the host in "
                "SESSIONSCRIBE_PLAINTEXT_HOSTS where the network between is yours alone"
            )
    return problems


def _is_postgres_encrypted(url: SplitResult) -> bool:
    mode = parse_qs(url.query).get("sslmode", [""])[-1]
    return mode in ("require", "verify-ca", "verify-full")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _engine_problems(values: Mapping[str, Any]) -> Iterator[str]:
    """What the chosen engines need and do not have."""
    engines = {values.get("transcriber"), values.get("extractor"), *values.get("also_offered", ())}
    base_url = values.get("openai_base_url")
    if "openai" in engines and not values.get("openai_api_key") and not base_url:
        yield "OPENAI_API_KEY is not set, and an engine is set to openai (or set OPENAI_BASE_URL)"
    if values.get("extractor") == "openai" and not values.get("openai_notes_model"):
        yield "SESSIONSCRIBE_OPENAI_NOTES_MODEL is not set: name the model that writes notes"
    if values.get("openai_in_house") and not base_url:
        yield (
            "SESSIONSCRIBE_OPENAI_IN_HOUSE is yes without OPENAI_BASE_URL: OpenAI's own server is not "
            "yours. Set OPENAI_BASE_URL to your server, or no"
        )
    yield from _price_problems(values)


def _price_problems(values: Mapping[str, Any]) -> Iterator[str]:
    missing = [
        way for way in ("input", "output") if values.get(f"openai_notes_usd_per_million_{way}") is None
    ]
    if len(missing) == 1:
        yield (
            f"SESSIONSCRIBE_OPENAI_NOTES_USD_PER_MILLION_{missing[0].upper()} is not set: "
            "set both prices, or neither"
        )
