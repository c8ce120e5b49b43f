"""A window that says the same over and over is decoded anew, and does not lead the next one astray."""

from dataclasses import dataclass
from typing import Any

import pytest

faster_whisper = pytest.importorskip("faster_whisper")

from workers.engines.whisper.decoding import Decoder  # noqa: E402 - needs the library

RESET_ABOVE = 0.5  # the library's default


@dataclass
class Options:
    no_repeat_ngram_size: int = 0


def decoded(monkeypatch: pytest.MonkeyPatch, compressions: dict[int, float]) -> tuple[Any, ...]:
    """What the decoder makes of a window whose text compresses so well without (0) and with the limit (4)."""

    def decode(_: object, __: object, ___: object, ____: object, options: Options) -> tuple[Any, ...]:
        size = options.no_repeat_ngram_size
        return f"text {size}", -0.2, 0.0, compressions[size]

    monkeypatch.setattr(faster_whisper.WhisperModel, "generate_with_fallback", decode)
    return Decoder.__new__(Decoder).generate_with_fallback(None, [], None, Options())


def test_what_does_not_loop_is_told_to_the_next_window(monkeypatch: pytest.MonkeyPatch) -> None:
    assert decoded(monkeypatch, {0: 1.6}) == ("text 0", -0.2, 0.0, 1.6)


@pytest.mark.parametrize(("again", "text"), [(1.4, "text 4"), (9.0, "text 0")])
def test_a_loop_is_decoded_without_repetitions_and_not_told_on(
    monkeypatch: pytest.MonkeyPatch, again: float, text: str
) -> None:
    result, _, temperature, _ = decoded(monkeypatch, {0: 8.0, 4: again})
    assert result == text
    assert temperature > RESET_ABOVE
