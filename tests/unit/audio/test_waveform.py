"""Waveforms: what is drawn of a recording, coarser on demand, and flat where it is off the record."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.transcripts.waveform import (
    FEWEST_SAMPLES,
    MOST_POINTS,
    Waveform,
    as_audiowaveform,
    samples_per_point,
    waveform_from_json,
    waveform_to_json,
)
from shared.domain.values import SAMPLE_RATE
from shared.services.steps.waveform import waveform_of
from tests.fakes.speech import InMemoryPcm

PEAKS = st.lists(st.tuples(st.integers(-128, 0), st.integers(0, 127)), min_size=1, max_size=60).map(
    lambda pairs: tuple(value for pair in pairs for value in pair)
)


def loud_between(start: float, end: float, seconds: float) -> np.ndarray:
    samples = np.zeros(round(seconds * SAMPLE_RATE), np.int16)
    samples[round(start * SAMPLE_RATE) : round(end * SAMPLE_RATE) : 2] = 32_767
    samples[round(start * SAMPLE_RATE) + 1 : round(end * SAMPLE_RATE) : 2] = -32_768
    return samples


def test_sound_is_drawn_where_it_is() -> None:
    drawn = waveform_of(InMemoryPcm(loud_between(1.0, 2.0, 130.5)))
    assert drawn.samples_per_point == samples_per_point(round(130.5 * SAMPLE_RATE))
    second = SAMPLE_RATE / drawn.samples_per_point
    middle = round(1.5 * second)
    assert drawn.peaks[2 * middle : 2 * middle + 2] == (-128, 127)
    assert set(drawn.peaks[2 * round(2.1 * second) :]) == {0}
    assert drawn.points == -(-round(130.5 * SAMPLE_RATE) // drawn.samples_per_point)


def test_channels_of_opposite_polarity_are_not_silence() -> None:
    mono = loud_between(0.0, 1.0, 1.0).astype(np.int16) // 2
    drawn = waveform_of(InMemoryPcm(np.stack((mono, -mono), axis=1)))
    assert min(drawn.peaks) <= -63
    assert max(drawn.peaks) >= 63


def test_a_recording_without_a_sample_has_no_point() -> None:
    assert waveform_of(InMemoryPcm(np.zeros(0, np.int16))).points == 0


def test_three_hours_are_kept_in_a_bounded_number_of_points() -> None:
    assert samples_per_point(SAMPLE_RATE) == FEWEST_SAMPLES
    three_hours = 3 * 3600 * SAMPLE_RATE
    assert -(-three_hours // samples_per_point(three_hours)) <= MOST_POINTS


@given(PEAKS, st.integers(1, 80))
def test_fewer_points_lose_no_peak(peaks: tuple[int, ...], points: int) -> None:
    fine = Waveform(160, peaks)
    coarse = fine.within(points)
    assert coarse.points <= points or coarse.points == fine.points <= points
    assert (min(coarse.peaks), max(coarse.peaks)) == (min(peaks), max(peaks))
    assert coarse.points * coarse.samples_per_point >= fine.points * fine.samples_per_point


def test_what_is_off_the_record_is_flat() -> None:
    second = Waveform(SAMPLE_RATE, (-9, 9) * 10)
    assert second.silenced(((2.5, 4.0),)).peaks == (-9, 9) * 2 + (0, 0) * 3 + (-9, 9) * 5
    assert second.silenced(((8.0, 99.0),)).peaks == (-9, 9) * 8 + (0, 0) * 2


def test_it_is_stored_and_told_as_players_read_it() -> None:
    waveform = Waveform(160, (-3, 4, -1, 0))
    assert waveform_from_json(waveform_to_json(waveform)) == waveform
    assert as_audiowaveform(waveform) == {
        "version": 2, "channels": 1, "sample_rate": 16_000, "samples_per_pixel": 160, "bits": 8, "length": 2,
        "data": [-3, 4, -1, 0],
    }  # fmt: skip
