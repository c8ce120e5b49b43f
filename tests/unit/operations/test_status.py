"""The table of moves between statuses."""

import pytest

from shared.domain.status import ALLOWED_MOVES, FINAL, UNFINISHED, Status, sources_of


def test_every_status_has_its_moves() -> None:
    assert set(ALLOWED_MOVES) == set(Status)


def test_a_session_can_fail_and_be_cancelled_from_every_unfinished_status() -> None:
    assert sources_of(Status.FAILED) == UNFINISHED
    assert sources_of(Status.CANCELLED) == UNFINISHED


@pytest.mark.parametrize(
    ("source", "targets"),
    [(Status.FAILED, {Status.PENDING}), (Status.PROCESSED, {Status.PENDING, Status.EXTRACTING_NOTES})],
)
def test_a_final_session_comes_back_only_by_retry_extraction_and_a_further_recording(
    source: Status, targets: set[Status]
) -> None:
    assert ALLOWED_MOVES[source] == targets


# The way of a session; one that was transcribed before goes straight to its notes, and a further recording
# has it begin again.
FORWARD = {
    (Status.UPLOADING, Status.PENDING),
    (Status.PENDING, Status.TRANSCRIBING),
    (Status.PENDING, Status.EXTRACTING_NOTES),
    (Status.TRANSCRIBING, Status.TRANSCRIBED),
    (Status.TRANSCRIBED, Status.EXTRACTING_NOTES),
    (Status.EXTRACTING_NOTES, Status.PROCESSED),
    *((at_work, Status.PENDING) for at_work in UNFINISHED - {Status.UPLOADING, Status.PENDING}),
}


def test_an_unfinished_session_goes_forward_fails_or_is_cancelled_and_nothing_else() -> None:
    moves = {(source, target) for source in UNFINISHED for target in ALLOWED_MOVES[source]}
    endings = {(source, ending) for source in UNFINISHED for ending in (Status.FAILED, Status.CANCELLED)}
    assert moves == FORWARD | endings


def test_a_session_is_finished_once_it_is_processed_failed_or_cancelled() -> None:
    assert set(map(str, FINAL)) == {"processed", "failed", "cancelled"}


def test_a_cancelled_session_stays_cancelled() -> None:
    assert not ALLOWED_MOVES[Status.CANCELLED]


def test_every_status_is_either_final_or_unfinished() -> None:
    assert set(Status) == FINAL | UNFINISHED
    assert not FINAL & UNFINISHED
