"""What stands around a piece raises or lowers what the local model makes of it."""

import numpy as np
import pytest

from workers.engines.screen.neighbours import in_context

FAINT, SURE, QUIET = 0.4, 0.9, 0.02


def read(*scores: float) -> list[float]:
    """The scores of pieces with those around them; one family."""
    rows = np.array(scores, np.float32)[:, None]
    return [float(value) for value in in_context(rows, rows)[:, 0]]


def test_a_piece_alone_stays_as_it_is() -> None:
    assert read(FAINT) == pytest.approx([FAINT])


@pytest.mark.parametrize("place", [0, 4])
def test_a_faint_piece_beside_a_sure_one_is_raised(place: int) -> None:
    scores = [QUIET] * 5
    scores[2], scores[place] = FAINT, SURE
    without = [QUIET, QUIET, FAINT, QUIET, QUIET]
    assert read(*scores)[2] > 1.3 * read(*without)[2]


def test_a_piece_among_quiet_ones_is_lowered_but_little() -> None:
    assert FAINT - 0.15 < read(QUIET, FAINT, QUIET)[1] < FAINT
    assert read(QUIET, SURE, QUIET)[1] > 0.8


def test_what_is_further_away_than_four_pieces_counts_for_nothing() -> None:
    near, far = [FAINT, *[QUIET] * 3, SURE], [FAINT, *[QUIET] * 4, SURE]
    assert read(*near)[0] > read(*far)[0]
    assert read(*far)[0] == pytest.approx(read(*far[:-1])[0])


def test_the_surest_neighbour_raises_no_more_than_a_sure_one() -> None:
    assert read(FAINT, 0.99)[0] == pytest.approx(read(FAINT, 0.999)[0])


def test_every_family_of_a_piece_is_moved_alike() -> None:
    rows = np.array([[0.3, 0.2], [0.9, 0.1]], np.float32)
    moved = in_context(rows, rows)[0]
    before, after = np.log(rows[0] / (1 - rows[0])), np.log(moved / (1 - moved))
    assert after - before == pytest.approx([0.75, 0.75], abs=1e-3)


def test_a_grave_sentence_of_a_neighbour_does_not_count_beside_its_whole() -> None:
    sentences, whole = np.array([[FAINT], [SURE]], np.float32), np.array([[FAINT], [QUIET]], np.float32)
    assert in_context(sentences, whole)[0, 0] < FAINT
