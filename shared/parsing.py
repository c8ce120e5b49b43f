"""How the texts of settings become values; each raises ValueError with what is wrong."""

import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from importlib.util import find_spec
from ipaddress import ip_network
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

_Number = TypeVar("_Number", int, float)
_PREFIX = "SESSIONSCRIBE_"
_RESEMBLES = 0.75  # of 1, as difflib measures what follows the prefix

# Of CTranslate2, with its own choice (`default`, `auto`).
COMPUTE_TYPES = (
    "default", "auto", "int8", "int8_float32", "int8_float16", "int8_bfloat16", "int16", "float16",
    "bfloat16", "float32",
)  # fmt: skip


def raw_value(environment: Mapping[str, str], variable: str) -> str:
    """The variable's value, from the environment or from the file that ``<VARIABLE>_FILE`` names."""
    raw, path = environment.get(variable, "").strip(), environment.get(f"{variable}_FILE", "").strip()
    if not path:
        return raw
    if raw:
        raise ValueError(f"is set twice: unset it or {variable}_FILE")
    try:
        return Path(path).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"cannot be read from the file that {variable}_FILE names") from error


def one_of(*allowed: str) -> Callable[[str], str]:
    """Takes one of the words."""

    def parse(raw: str) -> str:
        if raw not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}")
        return raw

    return parse


def matching(pattern: str, what: str) -> Callable[[str], tuple[str, ...]]:
    """Takes words that match ``pattern``, with commas between, each once; ``what`` says which these are."""

    def parse(raw: str) -> tuple[str, ...]:
        found = tuple(dict.fromkeys(word.strip() for word in raw.split(",") if word.strip()))
        if not all(re.fullmatch(pattern, word) for word in found):
            raise ValueError(f"must be words out of {what}, with commas between")
        return found

    return parse


def yes_or_no(raw: str) -> bool:
    """``yes`` or ``no``."""
    if raw not in ("yes", "no"):
        raise ValueError("must be yes or no")
    return raw == "yes"


def number(kind: Callable[[str], _Number], at_least: _Number, at_most: _Number) -> Callable[[str], _Number]:
    """Takes a number within bounds, in plain digits."""

    def parse(raw: str) -> _Number:
        if not raw.isascii() or "_" in raw:  # Python reads these; who typed them meant something else
            raise ValueError("must be a number")
        try:
            value = kind(raw)
        except ValueError as error:
            raise ValueError("must be a number") from error
        if not at_least <= value <= at_most:
            raise ValueError(f"must be from {at_least} to {at_most}")
        return value

    return parse


def starting(*beginnings: str) -> Callable[[str], str]:
    """Takes what starts in one of these ways."""

    def parse(raw: str) -> str:
        if not raw.startswith(beginnings):
            raise ValueError(f"must start with {' or '.join(beginnings)}")
        return raw

    return parse


def named(pattern: str, what: str) -> Callable[[str], str]:
    """Takes what matches ``pattern`` as a whole; ``what`` describes it."""

    def parse(raw: str) -> str:
        if not re.fullmatch(pattern, raw):
            raise ValueError(f"must be {what}")
        return raw

    return parse


def address(*schemes: str, host: bool = True, path: str = "") -> Callable[[str], str]:
    """Takes a URL of one of the ``schemes``, with a host (or, for ``host=False``, none) and a port in range.

    ``path`` says what its path must name, as in ``a database``; empty where a path is optional.
    """

    def parse(raw: str) -> str:
        starting(*(f"{scheme}://" for scheme in schemes))(raw)
        try:
            parts = urlsplit(raw)
            _ = parts.port
        except ValueError as error:
            raise ValueError("must have a host and a port from 1 to 65535") from error
        if host and not parts.hostname and "host=" not in parts.query:
            raise ValueError(f"must name a host, as in {schemes[0]}://host")
        if path and not parts.path.strip("/"):
            raise ValueError(f"must name {path}, as in {schemes[0]}://host/name")
        return raw

    return parse


def web_address(raw: str) -> str:
    """Takes the address of a web server."""
    return address("http", "https")(raw)


def storage(raw: str) -> str:
    """``file:///absolute/folder`` or ``s3://bucket/prefix``."""
    starting("file:///", "s3://")(raw)
    parts = urlsplit(raw)
    if parts.scheme == "s3" and not parts.hostname:
        raise ValueError("must name a bucket, as in s3://bucket/prefix")
    if parts.scheme == "file" and not parts.path.strip("/"):
        raise ValueError("must name a folder, as in file:///absolute/folder")
    return raw


def absolute_path(raw: str) -> Path:
    """A path from the root on."""
    path = Path(raw)
    if not path.is_absolute():
        raise ValueError("must be an absolute path")
    return path


def networks(raw: str) -> tuple[str, ...]:
    """Addresses and networks, separated by commas, each checked."""
    found = tuple(item.strip() for item in raw.split(",") if item.strip())
    try:
        return tuple(str(ip_network(item, strict=False)) for item in found)
    except ValueError as error:
        raise ValueError("must be addresses or networks such as 10.0.0.1, 10.1.0.0/16") from error


def misspelt(environment: Mapping[str, str], known: Sequence[str]) -> list[str]:
    """Set variables that look like one of ``known`` and are none.

    Names that resemble no setting pass: Kubernetes adds some for each service (``SESSIONSCRIBE_PORT``).
    """
    endings = {name.removeprefix(_PREFIX): name for name in known}
    taken = {*known, *(f"{name}_FILE" for name in known)}
    problems = []
    for name in sorted(set(environment) - taken):
        ending = name.removeprefix(_PREFIX)
        meant = get_close_matches(ending, endings, 1, _RESEMBLES) if name.startswith(_PREFIX) else []
        if meant:
            problems.append(f"{name} is not a setting: did you mean {endings[meant[0]]}?")
    return problems


def problems_between(values: Mapping[str, Any]) -> list[str]:
    """What is wrong with settings that are each well-formed, as sentences for the operator."""
    problems = _engine_problems(values) + _storage_problems(values)
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


def _engine_problems(values: Mapping[str, Any]) -> list[str]:
    """What the chosen engines need and do not have."""
    problems = []
    transcribers = {values.get("transcriber"), *values.get("also_offered", ())}
    openai = "openai" in {*transcribers, values.get("extractor")}
    if openai and not values.get("openai_api_key") and not values.get("openai_base_url"):
        problems.append("OPENAI_API_KEY is not set, and an engine is set to openai (or set OPENAI_BASE_URL)")
    if values.get("extractor") == "openai" and not values.get("openai_notes_model"):
        problems.append("SESSIONSCRIBE_OPENAI_NOTES_MODEL is not set: name the model that writes notes")
    if values.get("openai_in_house") and not values.get("openai_base_url"):
        problems.append(
            "SESSIONSCRIBE_OPENAI_IN_HOUSE is yes without OPENAI_BASE_URL: OpenAI's own server is not "
            "yours. Set OPENAI_BASE_URL to your server, or no"
        )
    prices = [values.get(f"openai_notes_usd_per_million_{way}") is None for way in ("input", "output")]
    if prices[0] != prices[1]:
        problems.append(
            f"SESSIONSCRIBE_OPENAI_NOTES_USD_PER_MILLION_{'INPUT' if prices[0] else 'OUTPUT'} is not set: "
            "set both prices, or neither"
        )
    return problems
