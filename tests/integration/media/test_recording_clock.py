"""A sound at a known time of the uploaded recording is found at that time, whatever lies before it."""

import io

import numpy as np
import pytest

from shared.media.container import open_recording
from shared.media.isolation.child import decode
from shared.media.limits import MediaLimits
from tests.fakes.marked_recordings import (
    damaged,
    marks_in,
    recording,
    with_clock_at,
    with_edits,
    without_fragments,
)

# Containers with a clock of their own; what the encoder puts in front may remain in some of them.
CLOCKS = {
    "m4a": ("ipod", "aac", {"movflags": "faststart"}),
    "m4a alac": ("ipod", "alac", {}),
    "mp4 fragments": ("mp4", "aac", {"movflags": "frag_keyframe+empty_moov"}),
    "webm": ("webm", "libopus", {}),
    "webm live": ("webm", "libopus", {"live": "1"}),
    "opus": ("ogg", "libopus", {}),
    "oga": ("ogg", "flac", {}),
    "flac": ("flac", "flac", {}),
}
# In these time is what has been counted so far: what is lost is lost for every player alike.
COUNTED = {
    "wav": ("wav", "pcm_s16le", {}),
    "mp3": ("mp3", "libmp3lame", {}),
    "mpga": ("mp2", "mp2", {}),
    "mpeg": ("mpeg", "mp2", {}),
    "aac": ("adts", "aac", {}),
}
# As live recorders write: half a second a fragment, each with its place on a clock.
LIVE = {
    "movflags": "empty_moov+default_base_moof",
    "frag_duration": "500000",
    "video_track_timescale": "48000",
}
CLOSE = 0.03
DAMAGED = ("m4a", "webm", "flac")
LATE = [("mp4", "aac"), ("webm", "libopus"), ("mov", "pcm_s16le")]


def heard(data: bytes) -> tuple[list[float], float, float]:
    """When the tones begin, how long the recording is, and how much of it was filled with silence."""
    blocks: list[bytes] = []
    facts = decode([open_recording(io.BytesIO(data), len(data))], MediaLimits(), blocks.append)
    pcm = np.frombuffer(b"".join(blocks), "<i2").reshape(-1, facts["channels"])
    return marks_in(pcm), len(pcm) / 16_000, facts["filled_seconds"]


def close(*times: float) -> object:
    return pytest.approx(list(times), abs=CLOSE)


@pytest.mark.parametrize("name", CLOCKS | COUNTED)
def test_every_format_keeps_its_times(name: str) -> None:
    container, codec, options = (CLOCKS | COUNTED)[name]
    marks, seconds, filled = heard(recording(container, codec, options=options))
    assert marks == close(1.0, 4.0)
    assert (seconds, filled) == (pytest.approx(6.0, abs=0.05), 0.0)


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 44_100, 96_000, 192_000])
def test_resampling_adds_up_to_nothing(rate: int) -> None:
    marks, seconds, _ = heard(recording("wav", "pcm_s16le", (1.0, 60.0, 119.0), seconds=120.0, rate=rate))
    assert marks == pytest.approx([1.0, 60.0, 119.0], abs=0.002)
    assert seconds == pytest.approx(120.0, abs=0.002)


@pytest.mark.parametrize(("container", "codec"), LATE)
def test_sound_that_begins_after_the_picture_is_late_and_not_lost(container: str, codec: str) -> None:
    marks, seconds, filled = heard(recording(container, codec, starts_at=5.0, film=True))
    assert marks == close(6.0, 9.0)
    assert (seconds, filled) == (pytest.approx(11.0, abs=0.05), 0.0)


def test_a_stream_that_was_cut_from_a_longer_one_begins_at_zero() -> None:
    marks, _, filled = heard(recording("mpeg", "mp2", starts_at=5.0))
    assert (marks, filled) == (close(1.0, 4.0), 0.0)


@pytest.mark.parametrize("film", [False, True])
@pytest.mark.parametrize("hours", [0.001, 2.0, 20.0])
def test_a_live_recorder_whose_clock_has_run_for_hours_begins_at_zero(hours: float, film: bool) -> None:
    data = with_clock_at(recording("mp4", "aac", film=film, options=LIVE), hours * 3600)
    marks, seconds, filled = heard(data)
    assert (marks, filled) == (close(1.0, 4.0), 0.0)
    assert seconds == pytest.approx(6.0, abs=0.05)
    assert open_recording(io.BytesIO(data), len(data)).promised_seconds == pytest.approx(6.0, abs=0.05)


def test_what_was_kept_of_a_station_on_the_air_for_hours_begins_at_zero_and_lacks_nothing() -> None:
    data = recording("ogg", "libopus", starts_at=20 * 3600.0)
    assert heard(data)[0] == close(1.0, 4.0)
    assert open_recording(io.BytesIO(data), len(data)).promised_seconds == pytest.approx(6.0, abs=0.05)


def test_sound_of_a_live_recorder_that_begins_after_the_picture_is_late() -> None:
    data = recording("mp4", "aac", starts_at=5.0, film=True, options=LIVE)
    assert heard(with_clock_at(data, 7200.0))[0] == close(6.0, 9.0)


@pytest.mark.parametrize("lost", [range(4, 8), range(4, 60)])
def test_fragments_that_a_live_recorder_lost_are_silence(lost: range) -> None:
    data = recording("mp4", "aac", (1.0, 40.0), seconds=42.0, options=LIVE)
    marks, seconds, filled = heard(without_fragments(with_clock_at(data, 7200.0), lost))
    assert marks == close(1.0, 40.0)
    assert seconds == pytest.approx(42.0, abs=0.05)
    assert filled == pytest.approx(len(lost) * 24 * 1024 / 48_000, abs=0.01)


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        ([(6.0, 0.0)], [1.0, 4.0]),
        ([(4.0, 2.0)], [2.0]),
        ([(5.0, None), (6.0, 0.0)], [6.0, 9.0]),
        ([(2.0, 0.0), (3.0, 3.0)], [1.0, 3.0]),
        ([(1.0, None), (2.0, 0.0), (1.0, None), (3.0, 3.0)], [2.0, 5.0]),
        ([(2.0, 0.0), (2.0, 0.0)], [1.0, 3.0]),
    ],
)
def test_an_edit_list_is_obeyed(edits: list[tuple[float, float | None]], expected: list[float]) -> None:
    assert heard(with_edits(recording("ipod", "aac"), edits))[0] == close(*expected)


@pytest.mark.parametrize("name", ["m4a", "mp4 fragments", "webm", "webm live", "opus"])
def test_a_gap_stays_a_gap(name: str) -> None:
    container, codec, options = CLOCKS[name]
    marks, seconds, filled = heard(recording(container, codec, options=options, lost=(2.0, 3.0)))
    assert marks == close(1.0, 4.0)
    assert (seconds, filled) == (pytest.approx(6.0, abs=0.05), pytest.approx(1.0, abs=0.1))


@pytest.mark.parametrize("name", DAMAGED)
@pytest.mark.parametrize("seed", [4, 5])
def test_damage_moves_nothing_that_comes_after_it(name: str, seed: int) -> None:
    container, codec, options = CLOCKS[name]
    data = recording(container, codec, (1.0, 7.0, 9.0), seconds=10.0, options=options)
    marks, seconds, filled = heard(damaged(data, 60, seed))
    assert [mark for mark in marks if mark > 6.5] == close(7.0, 9.0)
    assert filled > 0
    assert seconds == pytest.approx(10.0, abs=0.05)


def test_a_recording_without_a_clock_is_timed_as_players_time_it() -> None:
    marks, _, filled = heard(recording("mp3", "libmp3lame", lost=(2.0, 3.0)))
    assert (marks, filled) == (close(1.0, 2.978), 0.0)


def test_a_change_of_the_sample_rate_costs_what_the_encoder_adds() -> None:
    first = recording("mp3", "libmp3lame", (1.0,), seconds=3.0, rate=44_100)
    second = recording("mp3", "libmp3lame", (1.0,), seconds=3.0, rate=16_000)
    assert heard(first + second)[0] == pytest.approx([1.0, 4.0], abs=0.1)
