"""How the texts of settings become values; each raises ValueError with what is wrong."""

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from ipaddress import ip_network
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

_Number = TypeVar("_Number", int, float)
_PREFIX = "SESSIONSCRIBE_"
_RESEMBLES = 0.75  # of 1, as difflib measures what follows the prefix

# Of CTranslate2, with its own choice (`default`, `auto`).
COMPUTE_TYPES = (
    "default", "auto", "int8", "int8_float32", "int8_float16", "int8_bfloat16", "int16", "float16",
    "bfloat16", "float32",
)  # fmt: skip


# Of HTTP. Other ports mostly belong to services that may take a POST for commands of their own.
WEB_PORTS = (range(443, 444), range(80, 81))


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


def command(raw: str) -> str:
    """A program by its absolute path, and its arguments."""
    try:
        words = shlex.split(raw)
    except ValueError as error:
        raise ValueError("must be a program and its arguments, with quotes that are closed") from error
    if not words or not Path(words[0]).is_absolute():
        raise ValueError("must begin with the absolute path of a program")
    return raw


def networks(raw: str) -> tuple[str, ...]:
    """Addresses and networks, separated by commas, each checked."""
    found = tuple(item.strip() for item in raw.split(",") if item.strip())
    try:
        return tuple(str(ip_network(item, strict=False)) for item in found)
    except ValueError as error:
        raise ValueError("must be addresses or networks such as 10.0.0.1, 10.1.0.0/16") from error


def ports(raw: str) -> tuple[range, ...]:
    """Ports and ranges of ports, separated by commas: ``443, 8000-8010``."""
    found = []
    for item in (part.strip() for part in raw.split(",") if part.strip()):
        match = re.fullmatch(r"([0-9]{1,5})(?:-([0-9]{1,5}))?", item)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
        if not 1 <= first <= last <= 65535:
            raise ValueError("must be ports or ranges from 1 to 65535, such as 443, 8000-8010")
        found.append(range(first, last + 1))
    return tuple(found)


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
