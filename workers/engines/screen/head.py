"""The head of the local risk model: which kinds of risk a piece is like, and as what they are told of."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

FILE = Path(__file__).parent / "head.npz"
SUICIDE = (
    "passive_suicidal_ideation", "suicidal_ideation", "suicide_plan", "suicide_intent", "suicidal_behaviour",
)  # fmt: skip
# One unit for all kinds of suicide, which differ by words that another unit reads.
FAMILIES = (
    "suicide", "self_harm", "harm_to_others", "child_abuse", "dependent_adult_abuse", "domestic_violence",
    "psychosis", "overdose", "substance_use", "eating",
)  # fmt: skip
STANDINGS = ("present", "denied", "past", "other")

Floats = NDArray[np.float32]


def family_of(kind: str) -> str:
    """The unit that reads ``kind``."""
    return "suicide" if kind in SUICIDE else kind


@dataclass(frozen=True, slots=True)
class Reading:
    """What the head makes of pieces: a row each, a column for each of FAMILIES, STANDINGS and SUICIDE."""

    families: Floats
    standings: Floats
    suicide: Floats


@dataclass(frozen=True, slots=True)
class Head:
    """Logistic units over the encoder's vectors of a piece; each matrix has its bias as the last row.

    ``families`` has a column for each of FAMILIES and a last one for any of them.
    """

    families: Floats
    standings: Floats
    suicide: Floats

    def read(self, vectors: Floats) -> Reading:
        """What ``vectors`` are like: probabilities by the training text, which are no chances in a clinic."""
        rows = with_bias(vectors)
        of_each, of_any = np.split(sigmoid(rows @ self.families), [len(FAMILIES)], axis=1)
        # Half of it is whether any risk is spoken of: which one is the harder question.
        share = of_each / of_each.max(1, keepdims=True)
        return Reading(
            (of_each + of_any * share) / 2, softmax(rows @ self.standings), softmax(rows @ self.suicide)
        )

    def save(self, path: Path) -> None:
        """Write to ``path``, in half precision: some 30 kB."""
        units = {
            name: getattr(self, name).astype(np.float16) for name in ("families", "standings", "suicide")
        }
        np.savez_compressed(path, allow_pickle=False, **units)

    @classmethod
    def load(cls, path: Path = FILE) -> "Head":
        """The head at ``path``."""
        with np.load(path, allow_pickle=False) as stored:
            return cls(*(stored[name].astype(np.float32) for name in ("families", "standings", "suicide")))


def with_bias(vectors: Floats) -> Floats:
    """``vectors`` with a last column of ones."""
    return cast(Floats, np.concatenate([vectors, np.ones((len(vectors), 1), np.float32)], axis=1))


def sigmoid(values: Any) -> Floats:
    """1 / (1 + e^-x)."""
    return cast(Floats, 1 / (1 + np.exp(-values)))


def softmax(values: Any) -> Floats:
    """Rows that add up to 1."""
    raised = np.exp(values - values.max(1, keepdims=True))
    return cast(Floats, raised / raised.sum(1, keepdims=True))
