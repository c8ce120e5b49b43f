"""Text from elsewhere, made safe to print: no escape sequences, no control characters."""

import re

# CSI, OSC and the other string sequences (ECMA-48), then two-character escapes. What is left
# of an unfinished one falls to the control characters below.
_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]*[0-~]"
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
# They reorder what is shown, so that it reads differently from what it is.
_BIDI_CONTROLS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def plain(value: object) -> str:
    """``value`` as text of printable characters, newlines and tabs; empty for None."""
    if value is None:
        return ""
    text = str(value).replace("\r\n", "\n").encode("utf-8", "replace").decode("utf-8")
    return _BIDI_CONTROLS.sub("", _CONTROLS.sub("", _ESCAPES.sub("", text)))


def one_line(value: object) -> str:
    """``plain`` with every run of white space as one blank."""
    return " ".join(plain(value).split())


def clock(seconds: object) -> str:
    """Seconds as ``mm:ss``, or ``h:mm:ss`` from an hour on; ``–`` where there is no number."""
    if not isinstance(seconds, int | float) or isinstance(seconds, bool) or not 0 <= seconds < 1e9:
        return "–"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"
