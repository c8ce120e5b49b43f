"""A transcript that a further recording continues keeps every segment and every label of before."""

import io
import itertools
import wave
from uuid import UUID

import numpy as np
import pytest

from shared.domain.transcripts import continuing
from shared.domain.transcripts.assembly import assemble
from shared.domain.values import (
    SAMPLE_RATE,
    Chunk,
    Phrase,
    Segment,
    SpeechPlan,
    Transcript,
    Turn,
    Usage,
    Utterance,
    Word,
)
from shared.services.steps.join_list import GAP_SECONDS, joined_in
from shared.services.steps.joined_wav import Layout, Piece, wav

BEFORE = Transcript(
    segments=(
        Segment(0.0, 10.0, "How are you?", "Speaker 1"),
        Segment(11.0, 20.0, "I am tired.", "Speaker 2"),
    ),
    duration_seconds=30.0,
    language="en",
    engine="fake-1",
    draft=False,
    quality={"invented": [{"kind": "repeated", "start": 1.0, "end": 2.0, "words": 3, "removed": True}]},
    usage=(Usage("fake-1", 2, 19.0, 0.0),),
)


def plan(*voices: tuple[float, float, str]) -> SpeechPlan:
    turns = tuple(Turn(*voice) for voice in voices)
    chunk = Chunk(tuple(Utterance(turn.start, turn.end) for turn in turns))
    quality = {"speech_seconds": 60.0, "further_recordings": [{"begins_at": 32.0}]}
    return SpeechPlan(90.0, (chunk,), turns, quality)


def test_voices_keep_their_labels_and_a_new_one_gets_the_next() -> None:
    swapped = plan((0, 10, "Speaker 2"), (11, 20, "Speaker 1"), (40, 50, "Speaker 2"), (55, 60, "Speaker 3"))
    found = continuing.beyond(swapped, BEFORE)
    assert [turn.speaker for turn in found.turns] == ["Speaker 1", "Speaker 2", "Speaker 1", "Speaker 3"]


def test_a_voice_that_shares_a_label_with_another_gets_one_of_its_own() -> None:
    split = plan((0, 6, "Speaker 1"), (7, 10, "Speaker 3"), (11, 20, "Speaker 2"), (40, 50, "Speaker 3"))
    found = continuing.beyond(split, BEFORE)
    assert found.turns[-1].speaker == "Speaker 3"


def test_only_what_lies_beyond_is_transcribed() -> None:
    found = continuing.beyond(
        plan((0, 10, "Speaker 1"), (29, 34, "Speaker 2"), (40, 50, "Speaker 1")), BEFORE
    )
    assert [(one.start, one.end) for chunk in found.chunks for one in chunk.utterances] == [
        (30, 34),
        (40, 50),
    ]


def test_what_was_heard_stays_to_the_letter_and_the_report_speaks_of_the_whole() -> None:
    whole = continuing.beyond(
        plan((0, 10, "Speaker 1"), (11, 20, "Speaker 2"), (40, 43, "Speaker 2")), BEFORE
    )
    words = tuple(Word(text, 40 + n, 41 + n, 0.9) for n, text in enumerate(("we", "go", "on")))
    after = assemble(whole, [(None, Phrase("We go on.", 40, 43, 0.9, words))], "en", "fake-2", True)
    after = continuing.continued(BEFORE, after, whole)
    assert after.segments[:2] == BEFORE.segments
    assert (after.segments[2].text, after.segments[2].speaker) == ("We go on.", "Speaker 2")
    assert (after.duration_seconds, after.engine, after.draft) == (90.0, "fake-1 and fake-2", True)
    assert after.quality["invented"] == BEFORE.quality["invented"]
    assert after.quality["words_per_minute"] == 9.0
    assert "joined" in [reason["code"] for reason in after.quality["review_reasons"]]
    assert after.usage == BEFORE.usage


def test_a_seam_is_the_first_segment_of_a_further_recording() -> None:
    segments = [{"start": start} for start in (0.0, 29.0, 40.0, 70.0)]
    quality = {"further_recordings": [{"begins_at": 32.0}, {"begins_at": 80.0}]}
    assert continuing.seams(segments, quality) == {2}
    assert continuing.seams(segments, None) == set()


def test_a_first_word_that_the_engine_placed_early_is_behind_the_seam() -> None:
    segments = [{"start": start} for start in (0.0, 29.9, 31.92, 40.0)]
    quality = {"further_recordings": [{"begins_at": 32.0}]}
    assert continuing.seams(segments, quality) == {2}


class _Bytes:
    def __init__(self, content: bytes) -> None:
        self._content = content
        self.size = len(content)

    def read_at(self, offset: int, length: int) -> bytes:
        return self._content[offset : offset + length]


def sound(level: int, seconds: int, channels: int = 1) -> bytes:
    return np.full(seconds * SAMPLE_RATE * channels, level, "<i2").tobytes()


def test_the_file_says_what_was_joined_and_players_read_it() -> None:
    pieces = [sound(100, 3), sound(200, 2)]
    layout = Layout([Piece(1, len(piece)) for piece in pieces])
    joined = {UUID(int=5): layout.begins[1]}
    content = b"".join(wav(_Bytes(b"".join(pieces)), layout, ((1.0, 2.0),), joined))
    assert joined_in(_Bytes(content)) == joined == {UUID(int=5): round((3 + GAP_SECONDS) * SAMPLE_RATE)}
    with wave.open(io.BytesIO(content)) as file:
        frames = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    levels = [(level, len(list(run)) / SAMPLE_RATE) for level, run in itertools.groupby(frames.tolist())]
    assert levels == [(100, 1), (0, 1), (100, 1), (0, GAP_SECONDS), (200, 2)]


def test_a_file_of_anyone_else_says_nothing() -> None:
    layout = Layout([Piece(1, 32_000)])
    plain = b"".join(wav(_Bytes(bytes(32_000)), layout, (), {}))
    assert joined_in(_Bytes(plain)) == {}
    assert plain[36:40] == b"data"
    assert joined_in(_Bytes(b"ID3 and so on")) == {}


@pytest.mark.parametrize("left", [0, 10, 24, 30])
def test_a_list_that_claims_more_than_the_file_has_is_read_as_far_as_it_goes(left: int) -> None:
    joined = {UUID(int=5): 7, UUID(int=6): 8}
    whole = b"".join(wav(_Bytes(bytes(4)), Layout([Piece(1, 4)]), (), joined))
    assert joined_in(_Bytes(whole[: 44 + left])) == dict(list(joined.items())[: left // 24])
