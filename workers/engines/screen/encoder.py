"""Sentences as numbers: the published MiniLM encoder, unchanged, read by CTranslate2 in 8-bit weights."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from workers.engines.screen.conversion import converted

SIZE = 384  # numbers a sentence becomes
CONTEXT_TOKENS, TEXT_TOKENS = 48, 80  # the end of what was said before; the start of what is read
_CLS, _SEP = 101, 102
_BATCH = 32

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Input:
    """Token ids, which of two texts each is of (0 before, 1 read), and where the text that is read stands."""

    tokens: list[int]
    types: list[int]
    read: slice


class SentenceEncoder:
    """Turns a text, with what was said before it, into one vector. Deterministic on one kind of processor."""

    def __init__(self, archive: Path) -> None:
        """Load the weights from ``archive`` (two seconds of one core); raises EncoderUnusable."""
        self._model, self._tokenizer = converted(archive)

    def encode(self, texts: Sequence[tuple[str, str]]) -> Floats:
        """One vector of length 1 for each (before, text); ``before`` may be empty."""
        inputs = [self._input(before, text) for before, text in texts]
        # Of like lengths together: nothing is computed for padding.
        order = sorted(range(len(inputs)), key=lambda number: len(inputs[number].tokens))
        vectors = np.zeros((len(inputs), SIZE), np.float32)
        for start in range(0, len(order), _BATCH):
            places = order[start : start + _BATCH]
            vectors[places] = self._batch([inputs[number] for number in places])
        return vectors

    def read(self, pieces: Sequence[Sequence[tuple[str, str]]]) -> Floats:
        """A row for each piece: the vectors of its ways of reading side by side; no text is encoded twice."""
        texts = list(dict.fromkeys(view for views in pieces for view in views))
        rows = {text: number for number, text in enumerate(texts)}
        vectors = self.encode(texts)
        ways = range(len(pieces[0]))
        found = np.concatenate([vectors[[rows[views[way]] for views in pieces]] for way in ways], axis=1)
        return cast(Floats, found)

    def _batch(self, inputs: Sequence[Input]) -> Floats:
        longest = max(len(one.types) for one in inputs)
        types = [one.types + [0] * (longest - len(one.types)) for one in inputs]
        found: Any = self._model.forward_batch([one.tokens for one in inputs], token_type_ids=types)
        states = cast(Floats, np.array(found.last_hidden_state))
        means = np.stack([state[one.read].mean(0) for state, one in zip(states, inputs, strict=True)])
        return cast(Floats, means / np.linalg.norm(means, axis=1, keepdims=True))

    def _input(self, before: str, text: str) -> Input:
        context = self._ids(before)[-CONTEXT_TOKENS:] if before else []
        said = self._ids(text)[:TEXT_TOKENS] or [_SEP]
        head = [_CLS, *context, _SEP] if context else [_CLS]
        kind = 1 if context else 0
        return Input(
            [*head, *said, _SEP],
            [0] * len(head) + [kind] * (len(said) + 1),
            slice(len(head), len(head) + len(said)),
        )

    def _ids(self, text: str) -> list[int]:
        return cast(list[int], self._tokenizer.encode(text, add_special_tokens=False).ids)
