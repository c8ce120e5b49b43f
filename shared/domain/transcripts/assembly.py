"""Puts together what was heard and who spoke: one transcript in the recording's own clock."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from shared.domain.transcripts.hallucinations import ChannelPhrase, without_inventions
from shared.domain.transcripts.quality import MOST_SPANS, change_facts, reviewed, unheard_facts, word_facts
from shared.domain.transcripts.roles import propose_roles
from shared.domain.transcripts.spans import Spans
from shared.domain.transcripts.unheard import unheard
from shared.domain.values import Phrase, Segment, SpeechPlan, Transcript, Turn, Word

# A segment is read, quoted and jumped to as one; a long turn is cut where a sentence ends once
# it has the first length, and never exceeds the second unless one piece of text without word
# times does.
COMFORTABLE_SECONDS = 8.0
LONGEST_SECONDS = 30.0
SHORTEST_SECONDS = 0.001


@dataclass(frozen=True, slots=True)
class _Piece:
    """The smallest thing with times: a word, or a phrase whose engine gives no word times."""

    start: float
    end: float
    written: str
    confidence: float | None
    word: Word | None
    turn: int


def assemble(
    plan: SpeechPlan, phrases: Iterable[ChannelPhrase], language: str, engine: str, draft: bool
) -> Transcript:
    """The transcript of ``plan``'s recording from ``phrases``, pairs of channel and phrase.

    Times of the phrases are those of the recording. A word belongs to the turn (of its channel)
    that it falls into or is nearest to; a phrase without words belongs as a whole to the turn
    that it shares most time with. Words that cannot have been said are left out, and listed in the
    quality report. Segments are in order of start, then channel; those of one
    speaker never overlap.
    """
    given = [(channel, phrase) for channel, phrase in phrases if phrase.text.strip() or phrase.words]
    heard, invented = without_inventions(plan, given)
    segments = _segments(plan, heard)
    quality = {
        **plan.quality,
        **word_facts(segments, plan),
        **change_facts(plan.turns),
        "invented": invented[:MOST_SPANS],
        **unheard_facts(unheard(plan, heard)),
        "speaker_roles": propose_roles(segments),
    }
    return Transcript(segments, plan.duration_seconds, language, engine, draft, reviewed(quality, language))


def _segments(plan: SpeechPlan, heard: Iterable[ChannelPhrase]) -> tuple[Segment, ...]:
    turns = plan.turns or (Turn(0.0, plan.duration_seconds, "Speaker 1"),)
    of_channels = _TurnsByChannel(turns)
    by_speaker: dict[str, list[_Piece]] = defaultdict(list)
    for channel, phrase in heard:
        for piece in _pieces(channel, phrase, of_channels):
            by_speaker[turns[piece.turn].speaker].append(_clamped(piece, plan.duration_seconds))
    found: list[tuple[float, int, Segment]] = []
    for speaker, own in by_speaker.items():
        for group in _groups(_in_sequence(own)):
            segment = _segment(group, speaker)
            found.append((segment.start, turns[group[0].turn].channel or 0, segment))
    return tuple(segment for _, _, segment in sorted(found, key=lambda item: item[:2]))


class _TurnsByChannel:
    """Finds whose turn it is on a channel; on one without turns, among all."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        self._turns = turns
        self._known: dict[int | None, tuple[list[int], Spans]] = {}

    def turn_at(self, channel: int | None, start: float, end: float) -> int:
        """The number of the turn that shares most with the span, or else is nearest to it."""
        numbers, spans = self._of(channel)
        around = [numbers[place] for place in spans.around(start, end)]
        return max(around, key=lambda number: _overlap(self._turns[number], start, end))

    def _of(self, channel: int | None) -> tuple[list[int], Spans]:
        if channel not in self._known:
            everywhere = list(range(len(self._turns)))
            own = [number for number in everywhere if self._turns[number].channel == channel] or everywhere
            self._known[channel] = own, Spans([self._turns[number] for number in own])
        return self._known[channel]


def _pieces(channel: int | None, phrase: Phrase, turns: _TurnsByChannel) -> list[_Piece]:
    if not phrase.words:
        turn = turns.turn_at(channel, phrase.start, phrase.end)
        return [_Piece(phrase.start, phrase.end, phrase.text.strip(), phrase.confidence, None, turn)]
    # The phrase's text carries the punctuation; its words carry the times.
    tokens = phrase.text.split()
    written = tokens if len(tokens) == len(phrase.words) else [word.text.strip() for word in phrase.words]
    pieces: list[_Piece] = []
    for word, text in zip(phrase.words, written, strict=True):
        middle = (word.start + word.end) / 2
        turn = turns.turn_at(channel, middle, middle)
        pieces.append(_Piece(word.start, word.end, text, word.confidence, word, turn))
    return pieces


def _overlap(turn: Turn, start: float, end: float) -> float:
    """Seconds shared; negative is the distance, so that the nearest turn wins where none fits."""
    return min(turn.end, end) - max(turn.start, start)


def _clamped(piece: _Piece, duration: float) -> _Piece:
    start = min(max(0.0, piece.start), max(0.0, duration - SHORTEST_SECONDS))
    end = min(max(piece.end, start + SHORTEST_SECONDS), max(duration, start + SHORTEST_SECONDS))
    return replace(piece, start=round(start, 3), end=round(end, 3))


def _in_sequence(pieces: Iterable[_Piece]) -> list[_Piece]:
    """By time; where engines let one word run into the next, the first ends earlier."""
    ordered: list[_Piece] = []
    for piece in sorted(pieces, key=lambda p: (p.start, p.end)):
        if ordered and ordered[-1].end > piece.start:
            previous = ordered[-1]
            cut = round(max(previous.start + SHORTEST_SECONDS, piece.start), 3)
            ordered[-1] = replace(previous, end=cut)
            start = max(piece.start, cut)
            piece = replace(piece, start=start, end=max(piece.end, round(start + SHORTEST_SECONDS, 3)))
        ordered.append(piece)
    return ordered


def _groups(pieces: Sequence[_Piece]) -> list[list[_Piece]]:
    """Pieces of one speaker as segments: of one turn, of sane length, cut where sentences end."""
    groups: list[list[_Piece]] = []
    for piece in pieces:
        group = groups[-1] if groups else None
        if group is None or _begins_segment(group, piece):
            groups.append([piece])
        else:
            group.append(piece)
    return groups


def _begins_segment(group: Sequence[_Piece], piece: _Piece) -> bool:
    last = group[-1]
    if last.turn != piece.turn or piece.end - group[0].start > LONGEST_SECONDS:
        return True
    sentence_ends = last.written.endswith((".", "?", "!"))
    return sentence_ends and last.end - group[0].start >= COMFORTABLE_SECONDS


def _segment(group: Sequence[_Piece], speaker: str) -> Segment:
    words = tuple(
        Word(piece.word.text, piece.start, piece.end, piece.confidence) for piece in group if piece.word
    )
    text = " ".join(piece.written for piece in group)
    return Segment(group[0].start, group[-1].end, text, speaker, _mean(p.confidence for p in group), words)


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(sum(known) / len(known), 3) if known else None
