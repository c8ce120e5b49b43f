"""What the chunks of a recording took, added up by engine."""

from collections.abc import Iterable
from dataclasses import replace

from shared.domain.values import Usage


def total_usage(usages: Iterable[Usage]) -> tuple[Usage, ...]:
    """One usage for each engine, in the order in which they first come; an unknown cost stays unknown."""
    totals: dict[str, Usage] = {}
    for usage in usages:
        before = totals.get(usage.engine)
        totals[usage.engine] = usage if before is None else _sum(before, usage)
    return tuple(
        replace(total, audio_seconds=round(total.audio_seconds, 3), cost_usd=_cents(total.cost_usd))
        for total in totals.values()
    )


def _sum(one: Usage, other: Usage) -> Usage:
    known = one.cost_usd is not None and other.cost_usd is not None
    return Usage(
        one.engine,
        one.calls + other.calls,
        one.audio_seconds + other.audio_seconds,
        (one.cost_usd or 0.0) + (other.cost_usd or 0.0) if known else None,
    )


def _cents(cost: float | None) -> float | None:
    """To a hundredth of a cent."""
    return None if cost is None else round(cost, 4)
