"""How many workers an hour's sessions need: a simulation of the pipeline, event by event.

``python -m benchmarks.load.capacity --per-hour 100 --workers 60`` prints queue times, utilisation, storage
and cost; without ``--workers`` it finds how few keep 95 % of the sessions within ``--within`` minutes
of their length. ``--measured DATA`` takes the arrivals and service times of the stack in that data
folder and prints its own times to notes beside the simulated ones.
"""

import argparse
import math
import random
import statistics
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg2
import simpy

from embedded.postgres import DATABASE, SUPERUSER, EmbeddedPostgres

CHUNK_SECONDS = 60.0
# Worker seconds for a second of audio (docs/accuracy.md, docs/performance.md), dollars for a minute of it.
ENGINES = {"faster-whisper": (0.10, 0.0), "openai": (0.01, 0.006)}
BUSY_AT_MOST = 0.85
BYTES_PER_AUDIO_SECOND = 8_000  # of a compressed recording, encrypted


@dataclass(frozen=True)
class Load:
    """What arrives, and how long each kind of work takes: seconds, or seconds for a second of audio."""

    per_hour: float
    minutes: float = 50.0
    decode: float = 0.017  # 0.003 to read it, 0.014 to tell the voices apart
    transcribe: float = 0.10
    unite: float = 2.0
    extract: float = 1.0
    persist: float = 0.5

    @property
    def offered(self) -> float:
        """How many workers the work would keep busy without a pause."""
        seconds = self.minutes * 60 * (self.decode + self.transcribe)
        return self.per_hour / 3600 * (seconds + self.unite + self.extract + self.persist)


@dataclass(frozen=True)
class Outcome:
    """Seconds from upload to notes, and the share of the workers' time that was work."""

    to_notes: Sequence[float]
    utilisation: float


Process = Generator[simpy.Event, None, None]


def simulate(
    load: Load, workers: int, hours: float, seed: int = 1, arrivals: Sequence[tuple[float, float]] = ()
) -> Outcome:
    """One run; ``arrivals`` (second, audio seconds) in the stead of random ones."""
    chance, world = random.Random(seed), simpy.Environment()
    pool = simpy.Resource(world, workers)
    to_notes: list[float] = []
    busy = [0.0]

    def work(seconds: float) -> Process:
        with pool.request() as turn:
            yield turn
            yield world.timeout(seconds)
            busy[0] += seconds

    def session(audio: float) -> Process:
        begun = world.now
        yield world.process(work(load.decode * audio))
        chunks = max(1, round(audio / CHUNK_SECONDS))
        yield world.all_of([world.process(work(load.transcribe * audio / chunks)) for _ in range(chunks)])
        for seconds in (load.unite, load.extract, load.persist):
            yield world.process(work(seconds))
        to_notes.append(world.now - begun)

    def uploads() -> Process:
        for second, audio in arrivals or _random_arrivals(chance, load, hours):
            yield world.timeout(max(0.0, second - world.now))
            world.process(session(audio))

    world.process(uploads())
    world.run()
    return Outcome(to_notes, busy[0] / (workers * world.now) if world.now else 0.0)


def _random_arrivals(chance: random.Random, load: Load, hours: float) -> list[tuple[float, float]]:
    """Uploads by chance (Poisson); lengths about ``minutes``, never under a fifth of that."""
    second, found = 0.0, []
    while (second := second + chance.expovariate(load.per_hour / 3600)) < hours * 3600:
        found.append((second, 60 * max(load.minutes / 5, chance.gauss(load.minutes, load.minutes / 5))))
    return found


def fewest_workers(load: Load, within_minutes: float, hours: float) -> int:
    """The fewest workers that bring 95 % of the sessions to notes within that time, day after day.

    A short run would hide a queue that grows for ever: workers are never planned to be busy for more
    than BUSY_AT_MOST of their time.
    """
    low = math.ceil(load.offered / BUSY_AT_MOST)
    high = low
    while _p95(simulate(load, high, hours).to_notes) > within_minutes * 60:
        low, high = high, high * 2
    while low < high:
        middle = (low + high) // 2
        if _p95(simulate(load, middle, hours).to_notes) > within_minutes * 60:
            low = middle + 1
        else:
            high = middle
    return high


def _p95(values: Sequence[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)] if values else 0.0


def measured(data: Path) -> tuple[Load, int, list[tuple[float, float]], list[float]]:
    """Service times, workers, arrivals and times to notes of a stack's processed sessions."""
    postgres = EmbeddedPostgres(data / "postgres")
    postgres.recall()
    url = postgres.url_of(DATABASE, SUPERUSER).replace("+psycopg2", "")
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT extract(epoch FROM created_at)::float, duration_seconds,"
            " extract(epoch FROM processed_at - created_at)::float, id FROM sessions"
            " WHERE status = 'processed'"
            " ORDER BY created_at"
        )
        sessions = cursor.fetchall()
        ids = [row[3] for row in sessions]
        cursor.execute(
            "SELECT e.step, e.action, extract(epoch FROM e.at - s.at)::float, s.actor FROM audit_events e"
            " CROSS JOIN LATERAL (SELECT at, actor FROM audit_events WHERE action = 'step.started'"
            " AND subject_id = e.subject_id AND step = e.step AND part = e.part AND id < e.id"
            " ORDER BY id DESC LIMIT 1) s"
            " WHERE e.action IN ('step.done', 'step.fanned_out') AND e.subject_id = ANY(%s::uuid[])",
            (ids,),
        )
        spans = cursor.fetchall()
    audio = sum(row[1] for row in sessions)

    def total(step: str, action: str = "step.done") -> float:
        return sum(seconds for name, what, seconds, _ in spans if (name, what) == (step, action))

    count = len(sessions)
    load = Load(
        per_hour=0, decode=total("transcribe", "step.fanned_out") / audio,
        transcribe=total("transcribe_chunk") / audio, unite=total("transcribe") / count,
        extract=total("extract_notes") / count, persist=total("persist") / count,
    )  # fmt: skip
    first = sessions[0][0]
    arrivals = [(row[0] - first, row[1]) for row in sessions]
    return load, len({actor for *_, actor in spans}), arrivals, [row[2] for row in sessions]


def main() -> None:
    """Print a prediction, or a prediction beside what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--per-hour", type=float, default=10)
    parser.add_argument("--minutes", type=float, default=50)
    parser.add_argument("--engine", choices=ENGINES, default="faster-whisper")
    parser.add_argument("--workers", type=int)
    parser.add_argument("--within", type=float, default=30, help="Minutes from upload to notes for 95 %%.")
    parser.add_argument("--hours", type=float, default=8)
    parser.add_argument("--measured", type=Path)
    wanted = parser.parse_args()
    if wanted.measured:
        load, workers, arrivals, seen = measured(wanted.measured)
        predicted = simulate(load, workers, 0, arrivals=arrivals).to_notes
        print(f"{len(seen)} sessions, {workers} workers; seconds from upload to notes:")
        for name, values in (("measured", seen), ("predicted", predicted)):
            print(f"  {name:<10} median {statistics.median(values):6.0f}   longest {max(values):6.0f}")
        print(f"  service times: {replace(load)}")
        return
    rate, dollars = ENGINES[wanted.engine]
    load = Load(wanted.per_hour, wanted.minutes, transcribe=rate)
    workers = wanted.workers or fewest_workers(load, wanted.within, wanted.hours)
    found = simulate(load, workers, wanted.hours)
    median, late = statistics.median(found.to_notes) / 60, _p95(found.to_notes) / 60
    day = wanted.per_hour * wanted.hours
    print(
        f"{wanted.per_hour:g} sessions an hour of {wanted.minutes:g} min, {wanted.engine}: {workers} workers"
    )
    print(f"  to notes: median {median:.1f} min, 95 % {late:.1f} min; workers busy {found.utilisation:.0%}")
    print(f"  storage:  {day * wanted.minutes * 60 * BYTES_PER_AUDIO_SECOND / 1e9:.1f} GB a day")
    print(f"  engine:   ${day * wanted.minutes * dollars:.2f} a day")


if __name__ == "__main__":
    main()
