"""What an engine is given at once: an utterance, a speaker's turn, or a whole chunk."""

from collections.abc import Sequence

from shared.domain.values import Chunk, Turn, Utterance

# A piece of bare text has no times but those of its audio: longer ones could not be found again.
LONGEST_TURN_SECONDS = 30.0


def units_of(
    chunk: Chunk, turns: Sequence[Turn], unit: str, word_times: bool = False
) -> tuple[Utterance, ...]:
    """The stretches of ``chunk`` for an engine of this ``unit`` (see TranscriberCapabilities).

    A stretch by turn holds what one speaker says in a row, with the pauses between. Utterances that were
    parted only because the speaker changes are one to an engine with ``word_times``: its words find their
    speaker by them, and a word that is cut in two is lost.
    """
    if unit == "utterance":
        return _without_cuts(chunk.utterances) if word_times else chunk.utterances
    if unit == "chunk":
        return (Utterance(chunk.start, chunk.end, chunk.channel),)
    grouped: list[tuple[Utterance, int | None]] = []
    for utterance in chunk.utterances:
        turn = _turn_of(utterance, turns)
        last, last_turn = grouped[-1] if grouped else (None, None)
        if (
            last is not None
            and turn is not None
            and turn == last_turn
            and utterance.end - last.start <= LONGEST_TURN_SECONDS
        ):
            grouped[-1] = (Utterance(last.start, utterance.end, chunk.channel), turn)
        else:
            grouped.append((utterance, turn))
    return tuple(stretch for stretch, _ in grouped)


def _without_cuts(utterances: Sequence[Utterance]) -> tuple[Utterance, ...]:
    joined: list[Utterance] = []
    for utterance in utterances:
        last = joined[-1] if joined else None
        if last and utterance.start <= last.end and utterance.end - last.start <= LONGEST_TURN_SECONDS:
            joined[-1] = Utterance(last.start, utterance.end, last.channel)
        else:
            joined.append(utterance)
    return tuple(joined)


def _turn_of(utterance: Utterance, turns: Sequence[Turn]) -> int | None:
    """The number of the turn that the utterance is part of."""
    middle = (utterance.start + utterance.end) / 2
    for index, turn in enumerate(turns):
        if turn.channel == utterance.channel and turn.start <= middle <= turn.end:
            return index
    return None
