"""Speech that reads like an instruction to a machine: still shown, never believed.

A person rarely says these words in a session, and a model that obeys them writes what was not
said. They are looked for in the text as it is, in the text with look-alike letters made plain,
and in what words in base64, hexadecimal or rot13 decode to.
"""

import base64
import binascii
import codecs
import re
import unicodedata
from collections.abc import Iterator

from shared.domain.vocabulary.orders import PATTERNS

# Cyrillic and Greek letters that look Latin, and digits that stand for letters.
_LOOK_ALIKES = (
    ("аеорсухіјѕԁһԛԝ", "aeopcyxijsdhqw"), ("АВЕКМНОРСТХІЈЅ", "ABEKMHOPCTXIJS"), ("αονρτυκι", "aovptuki"),
    ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX"), ("ɡı", "gi"),
)  # fmt: skip
_PLAIN = {ord(odd): plain for odds, plains in _LOOK_ALIKES for odd, plain in zip(odds, plains, strict=True)}
_LEET = str.maketrans("0134$@57", "oieasast")
_INVISIBLE = re.compile(
    r"[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\U000e0000-\U000e007f]"
)
_ENCODED = re.compile(r"[A-Za-z0-9+/_-]{20,}={0,2}|(?:[0-9a-fA-F]{2}[ :]?){12,}")

_MARKS = re.compile("|".join(f"(?:{pattern})" for pattern in PATTERNS), re.IGNORECASE | re.VERBOSE)


def reads_like_instruction(text: str) -> bool:
    """Whether ``text`` holds words that are meant for a machine rather than for a person."""
    if _INVISIBLE.search(text):
        return True
    plain = unfolded(text)
    forms = (text, plain, plain.translate(_LEET), *_decoded(text), *_decoded(plain))
    return any(_MARKS.search(form) for form in forms)


def unfolded(text: str) -> str:
    """``text`` with look-alike, full-width and invisible characters made plain."""
    folded = unicodedata.normalize("NFKD", _INVISIBLE.sub("", text))
    letters = "".join(char for char in folded if not unicodedata.combining(char)).translate(_PLAIN)
    return _spaced_out(letters)


def _spaced_out(text: str) -> str:
    """``text`` with "i g n o r e" and "i.g.n.o.r.e" joined."""
    return re.sub(r"\b(?:\w[ .\-_*]){3,}\w\b", lambda match: re.sub(r"[ .\-_*]", "", match.group()), text)


def _decoded(text: str) -> Iterator[str]:
    """What looks encoded in ``text``, read as such, where that gives words."""
    yield codecs.decode(text, "rot13")
    yield text[::-1]
    for match in _ENCODED.finditer(text):
        word = match.group()
        for read in (_from_base64, _from_hex):
            found = read(word)
            if found is not None:
                yield found


def _from_base64(word: str) -> str | None:
    padded = word.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        raw = base64.b64decode(padded + "=" * (-len(padded) % 4), validate=True)
        return _words(raw)
    except (binascii.Error, ValueError):
        return None


def _from_hex(word: str) -> str | None:
    try:
        return _words(bytes.fromhex(word.replace(":", " ")))
    except ValueError:
        return None


def _words(raw: bytes) -> str:
    text = raw.decode("ascii")
    if not text.isprintable():
        raise ValueError("no words")
    # People do not speak in base64: that it decodes to words is the sign, not what it says.
    return f"decodes_to {text}"
