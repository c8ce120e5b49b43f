"""How the texts of settings become values; each raises ValueError with what is wrong."""

import re
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from ipaddress import ip_network
from pathlib import Path
from typing import Any, TypeVar

_Number = TypeVar("_Number", int, float)


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
    """Takes a number within bounds."""

    def parse(raw: str) -> _Number:
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


def problems_between(values: Mapping[str, Any]) -> list[str]:
    """What is wrong with settings that are each well-formed, as sentences for the operator."""
    problems = _engine_problems(values) + _storage_problems(values)
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
    return problems
