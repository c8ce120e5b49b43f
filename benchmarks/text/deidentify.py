"""How many identifiers of invented sessions become tokens: recall by kind, and what is replaced besides."""

import re
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from workers.engines.deidentify.finding import Finder
from workers.engines.deidentify.vocabulary import TITLES

FOLDER = Path("tests/fixtures/deidentify")
_MARK = re.compile(r"\{([A-Z]+):([^}]+)\}")
_WORD = re.compile(r"[^\W_]+")


@dataclass
class Session:
    """Known names, and lines without their speaker; ``marks``: kind, start and end of each identifier."""

    known: list[str]
    texts: list[str] = field(default_factory=list)
    marks: list[list[tuple[str, int, int]]] = field(default_factory=list)


@dataclass
class Result:
    """Counts by kind, and the words behind what is missing or too many."""

    marked: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    words: int = 0
    missed: list[str] = field(default_factory=list)
    false: list[str] = field(default_factory=list)


def read(path: Path) -> Session:
    """The session in ``path``: marks are written ``{KIND:words}``."""
    first, *lines = path.read_text("utf-8").splitlines()
    session = Session([name.strip() for name in first.removeprefix("known:").split("|")])
    for line in lines:
        text, marks, said = "", [], line.partition(": ")[2]
        at = 0
        for mark in _MARK.finditer(said):
            text += said[at : mark.start()]
            marks.append((mark[1], len(text), len(text) + len(mark[2])))
            text += mark[2]
            at = mark.end()
        session.texts.append(text + said[at:])
        session.marks.append(marks)
    return session


def measure(paths: Sequence[Path], small: bool = False) -> Result:
    """An identifier is found if each of its words is replaced; known names are counted apart, as KNOWN.

    ``small``: without capital letters, as some speech engines write.
    """
    result = Result()
    for path in paths:
        session = read(path)
        if small:
            session.texts = [text.lower() for text in session.texts]
        finder = Finder(session.known, session.texts)
        known = {word.casefold() for name in session.known for word in _WORD.findall(name)}
        for text, marks in zip(session.texts, session.marks, strict=True):
            hidden = {i for span in finder.spans(text) for i in range(span.start, span.end)}
            _count(result, text, marks, hidden, known)
    return result


def _count(
    result: Result, text: str, marks: list[tuple[str, int, int]], hidden: set[int], known: set[str]
) -> None:
    marked: set[int] = set()
    for kind, start, end in marks:
        marked.update(range(start, end))
        inside = (w for w in _WORD.finditer(text) if start <= w.start() < end)
        words = [w for w in inside if w[0].casefold() not in TITLES and w[0] != "s"]
        mine = "KNOWN" if kind == "NAME" and all(w[0].casefold() in known for w in words) else kind
        result.marked[mine] += 1
        if all(w.start() in hidden for w in words):
            result.found[mine] += 1
        else:
            result.missed.append(f"{mine} {text[start:end]!r} in {text!r}")
    free = [w for w in _WORD.finditer(text) if w.start() not in marked]
    result.words += len(free)
    result.false += [f"{w[0]!r} in {text!r}" for w in free if w.start() in hidden]


def main(arguments: list[str]) -> None:
    """Print both halves; ``--show`` lists what was missed and what was replaced besides.

    ``--small`` takes the capital letters away first.
    """
    halves = [half for half in ("tuning", "unseen") if half in arguments] or ["tuning", "unseen"]
    for half in halves:
        result = measure(sorted((FOLDER / half).glob("*.txt")), "--small" in arguments)
        print(f"{half}: {result.found.total()} of {result.marked.total()} identifiers")
        for kind, marked in sorted(result.marked.items()):
            print(f"  {kind:7}{result.found[kind]:4} of {marked:3}  {result.found[kind] / marked:.0%}")
        print(f"  replaced besides: {len(result.false)} of {result.words} words")
        if "--show" in arguments:
            print(
                *(f"  missed {m}" for m in result.missed), *(f"  besides {m}" for m in result.false), sep="\n"
            )


if __name__ == "__main__":
    main(sys.argv[1:])
