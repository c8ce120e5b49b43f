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
    return _by_turn(chunk, turns)


def _by_turn(chunk: Chunk, turns: Sequence[Turn]) -> tuple[Utterance, ...]:
    stretches: list[Utterance] = []
    last_turn: int | None = None
    for utterance in chunk.utterances:
        turn = _turn_of(utterance, turns)
        goes_on = turn is not None and turn == last_turn
        if goes_on and utterance.end - stretches[-1].start <= LONGEST_TURN_SECONDS:
            stretches[-1] = Utterance(stretches[-1].start, utterance.end, chunk.channel)
        else:
            stretches.append(utterance)
        last_turn = turn
    return tuple(stretches)


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
