"""Where a spoken or written sentence ends: never after a title or an abbreviation."""

import re

# Titles and the like are never a sentence's end; "p.m." and "etc." are where a capital follows.
_NEVER = "".join(
    rf"(?<!\b{short}\.)"
    for short in (
        "Dr",
        "dr",
        "Mr",
        "mr",
        "Mrs",
        "mrs",
        "Ms",
        "ms",
        "Prof",
        "St",
        "e\\.g",
        "i\\.e",
        "vs",
        "approx",
    )
)
_PERHAPS = "".join(rf"(?<!\b{short}\.)" for short in ("a\\.m", "p\\.m", "A\\.M", "P\\.M", "etc"))
# An initial ("J. Lowe"), but not "So do I. And".
_INITIAL = r"(?<!\b[A-HJ-Z]\.)"
SENTENCE_END = re.compile(
    rf"{_NEVER}{_PERHAPS}{_INITIAL}(?<=[.?!])\s+|(?<=\.m\.|\.M\.)\s+(?=[A-Z])|(?<=\betc\.)\s+(?=[A-Z])"
)
