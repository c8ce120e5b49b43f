"""The ``.env`` file: ``KEY=VALUE`` lines with comments and quotes, nothing is expanded."""

import re
from pathlib import Path

LINE = re.compile(
    r"""(?:export\s+)?(?P<key>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*
        (?:'(?P<single>[^']*)'|"(?P<double>(?:[^"\\]|\\.)*)"|(?P<bare>(?!(?<=\s)\#)[^'"\s].*?)?)\s*(?:(?<=\s)\#.*)?""",
    re.VERBOSE,
)


class EnvFileError(Exception):
    """The file or a line cannot be understood; the text gives its number, never its content."""


def read_env_file(path: Path) -> dict[str, str]:
    """The settings in ``path``; none if there is no such file. Raises EnvFileError."""
    settings: dict[str, str] = {}
    for number, line in enumerate(_lines(path), start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        match = LINE.fullmatch(text)
        if match is None or "\0" in text:
            raise EnvFileError(f"{path} line {number} is not KEY=VALUE")
        double = re.sub(r"\\(.)", r"\1", match["double"] or "")
        settings[match["key"]] = match["single"] or double or match["bare"] or ""
    return settings


def _lines(path: Path) -> list[str]:
    if not path.exists():
        return []
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise EnvFileError(f"{path} is not UTF-8 text") from None
    except OSError as error:
        raise EnvFileError(f"{path} cannot be read: {error.strerror}") from None
