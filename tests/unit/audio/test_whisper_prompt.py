"""Words to expect and the text before leave Whisper room for what is said now."""

from typing import ClassVar

import pytest

pytest.importorskip("faster_whisper")

from workers.engines.whisper.decoding import Decoder

POSITIONS = 448
START = [1, 2, 3]
PREVIOUS, EXPECTED, NO_TIMES = 9, 7, 8


class Tokenizer:
    """One token for each word."""

    sot_prev = PREVIOUS
    no_timestamps = NO_TIMES
    sot_sequence: ClassVar[list[int]] = START

    def encode(self, text: str) -> list[int]:
        return [EXPECTED] * len(text.split())


def prompt(expected: int, before: int, *, without_timestamps: bool = False) -> list[int]:
    decoder = Decoder.__new__(Decoder)
    decoder.max_length = POSITIONS
    said = list(range(1000, 1000 + before))
    words = "word " * expected
    return decoder.get_prompt(Tokenizer(), said, without_timestamps, hotwords=words or None)


@pytest.mark.parametrize("without_timestamps", [False, True])
@pytest.mark.parametrize("before", [0, 1, 50, 1000])
@pytest.mark.parametrize("expected", [1, 50, 1000])
def test_half_of_the_positions_are_left(expected: int, before: int, without_timestamps: bool) -> None:
    assert len(prompt(expected, before, without_timestamps=without_timestamps)) <= POSITIONS // 2


def test_neither_displaces_the_other() -> None:
    both = prompt(1000, 1000)
    assert both.count(EXPECTED) == 110
    assert [token for token in both if token >= 1000] == list(range(1890, 2000))  # the latest
    assert both[0] == PREVIOUS
    assert both[-3:] == START


def test_few_words_leave_their_room_to_the_text_before() -> None:
    assert len([token for token in prompt(10, 1000) if token >= 1000]) == 210


def test_without_words_to_expect_the_prompt_is_the_librarys() -> None:
    assert prompt(0, 0) == START
    assert prompt(0, 2) == [PREVIOUS, 1000, 1001, *START]
