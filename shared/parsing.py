"""How the texts of settings become values; each raises ValueError with what is wrong."""

from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path
from typing import TypeVar

_Number = TypeVar("_Number", int, float)


def one_of(*allowed: str) -> Callable[[str], str]:
    """Takes one of the words."""

    def parse(raw: str) -> str:
        if raw not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}")
        return raw

    return parse


def some_of(*allowed: str) -> Callable[[str], tuple[str, ...]]:
    """Takes some of the words, with commas between, each once."""

    def parse(raw: str) -> tuple[str, ...]:
        found = tuple(dict.fromkeys(word.strip() for word in raw.split(",") if word.strip()))
        if not set(found) <= set(allowed):
            raise ValueError(f"must be words out of {', '.join(allowed)}, with commas between")
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
