"""What a session's percentage says of the step that is running."""

import pytest

from cli.output.progress import left_in_words
from cli.output.session_watch import NOTES, TRANSCRIBE, fraction_in


@pytest.mark.parametrize(
    ("progress", "step", "expected"),
    [
        (0, TRANSCRIBE, 0.0),
        (45, TRANSCRIBE, 0.5),
        (90, TRANSCRIBE, 1.0),
        (90, NOTES, 0.0),
        (95, NOTES, 0.5),
        (200, NOTES, 1.0),
        (None, NOTES, 0.0),
    ],
)
def test_each_step_has_its_share_of_the_whole(progress: object, step: str, expected: float) -> None:
    assert fraction_in({"progress": progress}, step) == expected


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""),
        (0, ", about 5 s left"),
        (62, ", about 60 s left"),
        (200, ", about 3 min left"),
        (7200, ", about 2.0 h left"),
    ],
)
def test_what_is_left_is_said_no_more_exactly_than_it_is_known(seconds: float | None, words: str) -> None:
    assert left_in_words(seconds) == words
