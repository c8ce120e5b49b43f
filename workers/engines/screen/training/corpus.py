"""The training text as examples: invented client turns, each with what was said before it and its kinds.

``text/*.txt`` hold one seed a line, ``codes|question|turn``, where ``[a/b]`` stands for either;
``dialogs*.txt`` hold whole conversations. Language models wrote all of it for this; none of it was said.
"""

import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from workers.engines.screen.pieces import pieces_of

TEXT = Path(__file__).parent / "text"
SEED = 7  # every draw is from this: the same text gives the same examples
_MOST = 7  # of one seed's variants
_LONG_TURNS, _TURNED = 900, 330
_NO_SEEDS = frozenset({"openers.txt", "fixed.txt"})

KINDS = {
    "Sp": "passive_suicidal_ideation", "Si": "suicidal_ideation", "Sl": "suicide_plan",
    "Sn": "suicide_intent", "Sb": "suicidal_behaviour", "H": "self_harm", "O": "harm_to_others",
    "C": "child_abuse", "A": "dependent_adult_abuse", "D": "domestic_violence", "P": "psychosis",
    "V": "overdose", "U": "substance_use", "E": "eating",
}  # fmt: skip
STANDINGS = {"": "present", "+": "present", "-": "denied", "<": "past", "o": "other"}

Turns = tuple[tuple[str, str], ...]
Marks = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Example:
    """One piece of a client's turn: ``marks`` are its (kind, standing), none for ordinary talk.

    ``sources`` name what it is made of, each written together; a fair test holds out whole sources.
    """

    sources: tuple[str, ...]
    views: tuple[tuple[str, str], ...]
    marks: Marks


_Marked = tuple[str, str, Marks]  # source, sentence, marks


@dataclass(slots=True)
class _Seeds:
    """What the long turns are put together from."""

    ordinary: list[tuple[str, str]] = field(default_factory=list)  # (source, sentence)
    marked: list[_Marked] = field(default_factory=list)


def examples(folder: Path = TEXT) -> list[Example]:
    """Every example that the files of ``folder`` give, always the same and in the same order."""
    draw = random.Random(SEED)  # noqa: S311 - variety, no secret
    seeds = _Seeds()
    openers = (folder / "openers.txt").read_text("utf-8").splitlines()
    found: list[Example] = []
    for path in sorted(folder.glob("*.txt")):
        lines = path.read_text("utf-8").splitlines()
        if path.name.startswith("dialogs"):
            found.extend(_dialogs(path.stem, lines))
        elif path.name not in _NO_SEEDS:
            found.extend(_seeded(path.stem, lines, openers, draw, seeds))
    return [*found, *_long_turns(seeds, openers, draw), *_turned(seeds, draw)]


def fixed(folder: Path = TEXT) -> list[Example]:
    """The turns that no head is trained on and every head must do well on."""
    found: list[Example] = []
    for codes, question, text in _rows((folder / "fixed.txt").read_text("utf-8").splitlines()):
        before = (("therapist", question),) if question else ()
        found.extend(_as_pieces(("fixed",), [text], before, marks_of(codes)))
    return found


def _rows(lines: Iterable[str]) -> Iterator[list[str]]:
    """The three fields of each seed; comments and empty lines are left out."""
    return (line.split("|") for line in lines if line.strip() and not line.startswith("#"))


def _seeded(
    name: str, lines: Iterable[str], openers: Sequence[str], draw: random.Random, seeds: _Seeds
) -> Iterator[Example]:
    for number, (codes, question, pattern) in enumerate(_rows(lines), 1):
        source, marks = f"{name}:{number}", marks_of(codes)
        for turn in variants(pattern, draw):
            before = _before(question, openers, draw)
            yield from _as_pieces((source,), [turn], before, marks)
            if before and not question:  # as a sentence of a long turn is read
                yield from _as_pieces((source,), [turn], (), marks)
            if not question:
                seeds.marked.append((source, turn, marks)) if marks else seeds.ordinary.append((source, turn))


def _before(question: str, openers: Sequence[str], draw: random.Random) -> Turns:
    asked = question or (draw.choice(openers) if draw.random() < 0.85 else "")
    if not asked:
        return ()
    client = (("client", draw.choice(_CLIENT_BEFORE)),) if draw.random() < 0.6 else ()
    return (*client, ("therapist", asked))


_CLIENT_BEFORE = (
    "It's been a long week.", "Not great, to be honest.", "I had my sister over on Sunday.",
    "Work's been busy.",
    "Same as usual.", "I don't know where to start.", "I slept a bit.", "It was my birthday on Monday.",
    "I'm all right, I suppose.", "I nearly didn't come.", "The car's in the garage again.", "Yeah.",
    "I was thinking about what you said.", "There's something I need to say.", "I had a row with my mum.",
)  # fmt: skip


def _dialogs(name: str, lines: Iterable[str]) -> Iterator[Example]:
    turns: list[tuple[str, str]] = []
    title = ""
    for line in lines:
        if line.startswith("##"):
            turns, title = [], line[2:].strip()
        elif line.startswith("T|"):
            turns.append(("therapist", line[2:].strip()))
        elif line.strip():
            _, codes, text = line.split("|", 2)
            yield from _as_pieces((f"{name}:{title}",), [text.strip()], tuple(turns[-3:]), marks_of(codes))
            turns.append(("client", text.strip()))


def _long_turns(seeds: _Seeds, openers: Sequence[str], draw: random.Random) -> Iterator[Example]:
    """Rambling turns of several ordinary sentences, every third with one grave sentence somewhere in it."""
    for number in range(_LONG_TURNS):
        said: list[_Marked] = [(*one, ()) for one in draw.sample(seeds.ordinary, draw.randint(3, 7))]
        if number % 3 == 0:
            said.insert(draw.randint(0, len(said)), draw.choice(seeds.marked))
        before = _before("", openers, draw)
        for piece in pieces_of([text for _, text, _ in said], before, "client"):
            own = said[piece.first : piece.end]
            marks = dict.fromkeys(mark for _, _, found in own for mark in found)
            yield Example(tuple(source for source, _, _ in own), piece.views, tuple(marks))


def _turned(seeds: _Seeds, draw: random.Random) -> Iterator[Example]:
    """Ordinary turns after a grave one: the subject has changed."""
    for _ in range(_TURNED):
        grave, ordinary = draw.choice(seeds.marked), draw.choice(seeds.ordinary)
        before = (("client", grave[1]), ("therapist", draw.choice(_TURNS_AWAY)))
        yield from _as_pieces((grave[0], ordinary[0]), [ordinary[1]], before, ())


_TURNS_AWAY = (
    "Thank you for telling me. What will you do this evening?", "Let's come back to that. How is work?",
    "I'm glad you said so. What happens after we finish today?",
    "Right. And the practical things, how are they?",
    "We'll make a plan for that together. Who is at home later?", "And how was your weekend otherwise?",
    "Okay. And apart from that, what else has been going on?", "Mm. How did the homework go?",
)  # fmt: skip


def _as_pieces(
    sources: tuple[str, ...], sentences: Sequence[str], before: Turns, marks: Marks
) -> Iterator[Example]:
    for piece in pieces_of(sentences, before, "client"):
        yield Example(sources, piece.views, marks)


def marks_of(codes: str) -> Marks:
    """``codes`` such as ``Si D<`` as (kind, standing); ``N`` is ordinary talk."""
    found = []
    for code in codes.split():
        match = re.fullmatch(r"(S[pilnb]|[HOCADPVUE])([-<o+]?)", code)
        if match is not None:
            found.append((KINDS[match[1]], STANDINGS[match[2]]))
        elif code != "N":
            raise ValueError(f"{code} is no code of a kind. See corpus.py.")
    return tuple(found)


def variants(pattern: str, draw: random.Random, most: int = _MOST) -> list[str]:
    """Up to ``most`` of the turns that ``pattern`` stands for, each alternative once where possible."""
    parts = [
        [part] if number % 2 == 0 else part.split("/")
        for number, part in enumerate(re.split(r"\[([^\]]*)\]", pattern))
    ]
    widest = max(len(options) for options in parts)
    total = 1
    for options in parts:
        total *= len(options)
    if total <= most:
        picks = list(product(*parts))
    else:
        mixed = [draw.sample(options, len(options)) for options in parts]
        count = max(most, min(widest, most + 4))
        picks = [tuple(options[number % len(options)] for options in mixed) for number in range(count)]
    return list(dict.fromkeys(_sentence("".join(pick)) for pick in picks))


def _sentence(text: str) -> str:
    said = re.sub(r"\s+([,.?!])", r"\1", re.sub(r"\s+", " ", text)).strip()
    said = said if said[-1:] in ".?!" else f"{said}."
    return said[0].upper() + said[1:]
