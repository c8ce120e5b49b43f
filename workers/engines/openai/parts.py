"""A transcript cut into parts that a model can read at once, each a little into the one before."""

from collections.abc import Iterator, Sequence

from shared.domain.values import Segment, Transcript
from workers.engines.openai.phrases import clean

# English has about four characters to a token, other languages fewer: better a part too many.
CHARACTERS_PER_TOKEN = 3
# Room for the answer: notes of a long session have about 6,000 tokens.
ANSWER_TOKENS = 8_000
# So much of a part is read again with the next one, so that no exchange is cut in two.
OVERLAP = 0.1

# Marks that a model might take for the end of the transcript, a role, or a command of its own.
_NEUTRAL = str.maketrans(
    {"<": "‹", ">": "›", "[": "(", "]": ")", "{": "(", "}": ")", "`": "'", "|": "¦", "#": "№"}
)


def room(window_tokens: int, around: int) -> int:
    """Characters of transcript that fit a window, beside ``around`` characters of prompt and schema.

    Raises ValueError, naming the setting, where nothing would.
    """
    answer = min(ANSWER_TOKENS, window_tokens // 4)
    left = (window_tokens - answer) * CHARACTERS_PER_TOKEN - around
    if left < 1_000:
        raise ValueError("SESSIONSCRIBE_OPENAI_NOTES_WINDOW_TOKENS leaves no room for a transcript.")
    return left


def parts_of(transcript: Transcript, characters: int) -> list[list[str]]:
    """Numbered lines in as many parts as needed, each of at most ``characters``."""
    parts: list[list[str]] = [[]]
    for line in _lines(transcript, characters // 2):
        if parts[-1] and _size(parts[-1]) + len(line) > characters:
            parts.append(_tail(parts[-1], int(characters * OVERLAP)))
        parts[-1].append(line)
    return parts


def halves(lines: Sequence[str]) -> tuple[list[str], list[str]]:
    """``lines`` in two parts, the second a little into the first."""
    middle = (len(lines) + 1) // 2
    first = list(lines[:middle])
    return first, [*_tail(first, int(_size(first) * OVERLAP)), *lines[middle:]]


def _lines(transcript: Transcript, longest: int) -> Iterator[str]:
    """A line for each segment: ``[12] speaker 00:31–00:40: text``; a very long one in several."""
    for number, said in enumerate(transcript.segments):
        head = f"[{number}] {_neutral(said.speaker)} {_times(said)}: "
        text = _neutral(said.text)
        while len(text) > longest:
            cut = text.rfind(" ", 0, longest)
            cut = cut if cut > 0 else longest
            yield head + text[:cut]
            text = text[cut:].lstrip()
        yield head + text


def _neutral(text: str) -> str:
    return clean(text).translate(_NEUTRAL)


def _times(said: Segment) -> str:
    return f"{_clock(said.start)}–{_clock(said.end)}"


def _tail(lines: Sequence[str], characters: int) -> list[str]:
    """The last of ``lines`` that together have at most ``characters``; fewer than all of them."""
    tail: list[str] = []
    for line in reversed(lines[1:]):
        if _size(tail) + len(line) > characters:
            break
        tail.insert(0, line)
    return tail


def _size(lines: Sequence[str]) -> int:
    return sum(len(line) + 1 for line in lines)


def _clock(seconds: float) -> str:
    """``mm:ss``, or ``h:mm:ss`` from one hour on."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"
