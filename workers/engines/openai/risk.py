"""A language model asked for mentions of risk in calls of their own, beside the notes."""

from collections.abc import Callable

from shared.domain.errors import StepError
from shared.domain.values import JsonObject
from shared.domain.verification.risk import LANGUAGE_MODEL, united


def with_risk(
    notes: JsonObject, parts: list[list[str]], ask: Callable[[list[str]], list[JsonObject]]
) -> JsonObject:
    """``notes`` with the risk flags that ``ask`` finds in each part of the transcript.

    Nothing is taken from the notes. If a call fails they come all the same, with what was found before,
    and ``risk_readers`` lacks this reader.
    """
    flags, readers = notes["risk_flags"], [LANGUAGE_MODEL]
    try:
        for lines in parts:
            flags = united(flags, ask(lines))
    except StepError:
        readers = []
    return {**notes, "risk_flags": flags, "risk_readers": readers}
