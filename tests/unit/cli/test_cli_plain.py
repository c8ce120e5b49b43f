"""Text from elsewhere, as it comes out on a terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.sanitise import clock, one_line, plain


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07body", "body"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("a\x00b\x08c\x9b1mx", "abcx"),
        ("safe\u202eevil", "safeevil"),
        ("[bold]not markup[/bold]", "[bold]not markup[/bold]"),
        ("line\r\nnext", "line\nnext"),
        (None, ""),
        ("lone \ud800", "lone ?"),
    ],
)
def test_escape_sequences_and_controls_are_gone_and_words_stay(given_text: str | None, expected: str) -> None:
    assert plain(given_text) == expected


@given(st.text())
def test_nothing_that_moves_a_cursor_is_left(text: str) -> None:
    shown = plain(text)
    assert not [char for char in shown if (ord(char) < 32 and char not in "\n\t") or 0x7F <= ord(char) < 0xA0]


def test_a_name_of_several_lines_becomes_one_line() -> None:
    assert one_line(" a\n\tb ") == "a b"


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0, "00:00"), (61.9, "01:01"), (3661, "1:01:01"), (None, "–"), (float("nan"), "–"), ("x", "–")],
)
def test_seconds_are_shown_as_minutes_and_seconds(seconds: object, expected: str) -> None:
    assert clock(seconds) == expected
