"""What engines took, as metrics: calls, seconds of audio, tokens, estimated dollars."""

from collections import defaultdict
from collections.abc import Callable, Iterator

from prometheus_client.core import CounterMetricFamily, Metric

from shared.db.queries.work.counters import Count
from shared.services.engines.usage_metrics import AUDIO, MICRODOLLARS, TOKENS


def of_engines(counts: list[Count]) -> Iterator[Metric]:
    """By engine; what engines failed with is among the attempts that failed, by code."""
    yield _sum("engine_calls", "Calls for transcripts.", counts, AUDIO, lambda count: count.count)
    audio = "Audio that was transcribed."
    yield _sum("engine_audio_seconds", audio, counts, AUDIO, lambda count: count.seconds)
    yield _sum("engine_tokens", "Tokens of notes.", counts, TOKENS, lambda count: count.count, "direction")
    dollars = "Estimated price of transcripts and notes, where it is known, in US dollars."
    yield _sum("engine_usd", dollars, counts, MICRODOLLARS, lambda count: count.count / 1_000_000)


def _sum(
    name: str, text: str, counts: list[Count], event: str, value: Callable[[Count], float], *more: str
) -> Metric:
    sums: dict[tuple[str, ...], float] = defaultdict(float)
    for count in counts:
        if count.event == event:
            sums[(count.step, count.code)[: 1 + len(more)]] += value(count)
    family = CounterMetricFamily(f"sessionscribe_{name}", text, labels=["engine", *more])
    for words, total in sorted(sums.items()):
        family.add_metric(words, total)
    return family
