"""A language model asked for mentions of risk in calls of their own, beside the notes."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from shared.domain.errors import StepError
from shared.domain.notes.items import Item
from shared.domain.notes.values import Notes
from shared.domain.verification.risk import LANGUAGE_MODEL, united_flags


def with_risk(notes: Notes, parts: list[list[str]], ask: Callable[[list[str]], Sequence[Item]]) -> Notes:
    """``notes`` with the risk flags that ``ask`` finds in each part of the transcript.

    Nothing is taken from the notes. If a call fails they come all the same, with what was found before,
    and ``risk_readers`` lacks this reader.
    """
    flags, readers = list(notes.flags), (LANGUAGE_MODEL,)
    try:
        for lines in parts:
            flags = united_flags(flags, ask(lines))
    except StepError:
        return replace(notes.having({"risk_flags": flags}), risk_readers=())
    return replace(notes.having({"risk_flags": flags}), risk_readers=readers)
