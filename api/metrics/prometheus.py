"""What is observed, in the text format of Prometheus. No label names a person, a practice or a session."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from api.metrics.engine_metrics import of_engines
from shared.db.queries.work.counters import BOUNDS, Count
from shared.domain.status import FINAL, Status
from shared.pipeline import QUEUES, STEPS, URGENT_QUEUE
from shared.services.operations.metrics import Observation, Work

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def text_of(observation: Observation) -> bytes:
    """The page that a scrape gets."""
    registry = CollectorRegistry()
    registry.register(_Observed(observation))
    return generate_latest(registry)


class _Observed(Collector):
    """One observation as metrics."""

    def __init__(self, observation: Observation) -> None:
        self._observation = observation

    def describe(self) -> list[Metric]:
        return []  # what there is depends on what answered

    def collect(self) -> Iterator[Metric]:
        seen = self._observation
        yield _gauge(
            "part_up", "Whether a part answers.", {n: float(up) for n, up in seen.parts.items()}, "part"
        )
        if seen.queue_depths is not None:
            yield _gauge("queue_depth", "Messages in Redis.", seen.queue_depths, "queue")
        if seen.storage_free_bytes is not None:
            yield _gauge("storage_free_bytes", "Room for recordings.", {"": seen.storage_free_bytes})
        if seen.work is not None:
            yield from _gauges(seen.work)
            yield from _counters(seen.work.counters)
            yield from _histograms(seen.work.counters)
            yield from of_engines(seen.work.counters)


def _gauge(name: str, text: str, values: Mapping[str, float], label: str = "") -> Metric:
    family = GaugeMetricFamily(f"sessionscribe_{name}", text, labels=[label] if label else [])
    for word, value in values.items():
        family.add_metric([word] if label else [], value)
    return family


def _gauges(work: Work) -> Iterator[Metric]:
    yield _gauge("sessions", "Sessions that are unfinished or failed.", work.sessions, "status")
    oldest = {"": work.oldest_unfinished_seconds}
    yield _gauge("oldest_unfinished_seconds", "For how long the oldest open step has been open.", oldest)
    claimable, waited = dict.fromkeys(QUEUES, 0), dict.fromkeys(QUEUES, 0.0)
    running = dict.fromkeys(STEPS, 0)
    for steps in work.open_steps:
        if steps.name in STEPS:
            queue = URGENT_QUEUE if steps.urgent else STEPS[steps.name].queue
            claimable[queue] += steps.claimable
            waited[queue] = max(waited[queue], steps.oldest_seconds)
            running[steps.name] += steps.running
    yield _gauge("claimable", "Steps that could be claimed now.", claimable, "queue")
    yield _gauge("oldest_waiting_seconds", "For how long the first of them has waited.", waited, "queue")
    yield _gauge("running", "Steps at work.", running, "step")
    audio = {"": work.audio_waiting_seconds}
    yield _gauge("audio_waiting_seconds", "Audio whose transcription has not begun.", audio)
    yield _gauge(
        "processes", "Processes with a fresh sign of life.", {k.kind: k.alive for k in work.living}, "kind"
    )
    ages = {k.kind: k.youngest_seconds for k in work.living if k.youngest_seconds is not None}
    yield _gauge("sign_of_life_age_seconds", "Since the youngest sign of life.", ages, "kind")
    yield _gauge("erasures_overdue", "Deletions ten minutes late.", {"": work.erasures_overdue})
    yield _gauge(
        "orphans", "What the last reconciliation found without its counterpart.", work.orphans, "kind"
    )


def _counters(counts: list[Count]) -> Iterator[Metric]:
    # Begun with zeros: of what appears with its first count Prometheus sees no increase.
    nothing = [Count("session.ended", status, "", 0, 0, 0.0) for status in sorted(FINAL)]
    nothing += [Count("step.lost", step, "", 0, 0, 0.0) for step in STEPS]
    counts = [*nothing, *counts]
    yield _counter("sessions_accepted", "Recordings promised.", counts, "session.accepted", ())
    ended = "Sessions that were processed, failed or cancelled."
    yield _counter("sessions_ended", ended, counts, "session.ended", ("status", "code"))
    lost = "Attempts whose worker was not heard of any more."
    yield _counter("leases_lost", lost, counts, "step.lost", ("step",))
    repeated = "Sessions sent again by the dispatcher."
    yield _counter("dispatches_repeated", repeated, counts, "dispatch.repeated", ())
    yield _counter("attempts_failed", "Attempts that ended badly.", _bad(counts), "bad", ("step", "code"))


def _bad(counts: list[Count]) -> list[Count]:
    bad = ("step.postponed", "step.failed")
    return [Count("bad", c.step, c.code, c.bucket, c.count, c.seconds) for c in counts if c.event in bad]


def _counter(name: str, text: str, counts: list[Count], event: str, labels: tuple[str, ...]) -> Metric:
    """Labels are ``step`` (or ``status``, which stands in its place) and ``code``, in this order."""
    sums: dict[tuple[str, ...], int] = defaultdict(int)
    if not labels:
        sums[()] = 0
    for count in counts:
        if count.event == event:
            sums[(count.step, count.code)[: len(labels)]] += count.count
    family = CounterMetricFamily(f"sessionscribe_{name}", text, labels=labels)
    for words, total in sorted(sums.items()):
        family.add_metric(words, total)
    return family


def _histograms(counts: list[Count]) -> Iterator[Metric]:
    steps = HistogramMetricFamily(
        "sessionscribe_step_seconds", "How long attempts took.", labels=["step", "outcome"]
    )
    of_steps: dict[tuple[str, str], list[Count]] = defaultdict(list)
    for count in counts:
        if count.event.startswith("step.") and count.event != "step.lost":
            of_steps[(count.step, count.event.removeprefix("step."))].append(count)
    for words, found in sorted(of_steps.items()):
        steps.add_metric(words, *_buckets(found))
    yield steps
    notes = HistogramMetricFamily("sessionscribe_time_to_notes_seconds", "From the promise to the notes.")
    processed = [c for c in counts if c.event == "session.ended" and c.step == Status.PROCESSED]
    notes.add_metric([], *_buckets(processed))
    yield notes


def _buckets(counts: list[Count]) -> tuple[list[tuple[str, float]], float]:
    """Cumulated counts by their upper ends, and the seconds of all."""
    by_bucket: dict[int, int] = defaultdict(int)
    for count in counts:
        by_bucket[count.bucket] += count.count
    total, buckets = 0, []
    for position, bound in enumerate((*(str(bound) for bound in BOUNDS), "+Inf")):
        total += by_bucket[position]
        buckets.append((bound, float(total)))
    return buckets, sum(count.seconds for count in counts)
