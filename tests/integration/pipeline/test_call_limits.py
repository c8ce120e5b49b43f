"""Calls counted over all workers, in a real Redis, and what becomes of them without it."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from redis import Redis

from shared.domain.errors import RetryableStepError
from shared.domain.values import TranscriptionHints
from tests.fakes.openai_server import KEY, FakeOpenAI, Nature, Reply
from workers.engines.openai.call_limits import NoPlace, SharedLimits
from workers.engines.openai.client import OpenAIClient
from workers.engines.openai.transcriber import OpenAITranscriber

PCM = b"\1\0" * 16_000
NOWHERE = "redis://127.0.0.1:1/0"


def nothing() -> None:
    """A checkpoint that never objects."""


@pytest.fixture
def worker(redis_server) -> Callable[..., SharedLimits]:
    """Makes the limits of one more worker: nothing in memory is shared between them."""
    with Redis.from_url(redis_server.admin_url) as redis:
        redis.flushall()

    def make(max_calls: int = 2, calls_per_minute: int = 1000) -> SharedLimits:
        return SharedLimits(redis_server.url, "test", max_calls, calls_per_minute)

    return make


def is_full(limits: SharedLimits) -> bool:
    try:
        with limits.place(10, 0, nothing):
            return False
    except NoPlace:
        return True


def test_places_are_counted_over_all_workers_and_come_free_again(worker):
    with ExitStack() as places:
        places.enter_context(worker().place(10, 0, nothing))
        places.enter_context(worker().place(10, 0, nothing))
        assert is_full(worker())
    assert not is_full(worker())


def test_a_call_that_fails_gives_its_place_back(worker):
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), worker(max_calls=1).place(10, 0, nothing):
            raise ZeroDivisionError
    assert not is_full(worker(max_calls=1))


def test_the_place_of_a_worker_that_died_comes_free_when_its_time_is_over(worker):
    dead = worker(max_calls=1)
    assert dead._ask("a token of the dead", 0.2) == 0
    assert is_full(worker(max_calls=1))
    with worker(max_calls=1).place(10, 5, nothing):
        """Got it, in less than five seconds."""


def test_calls_of_a_minute_are_counted_over_all_workers_also_when_they_are_over(worker):
    for _ in range(3):
        with worker(calls_per_minute=3).place(10, 0, nothing):
            """Over at once."""
    assert is_full(worker(calls_per_minute=3))
    assert 55 < worker(calls_per_minute=3)._ask("late", 1) <= 60


def test_a_pause_that_a_service_asks_of_one_worker_holds_for_all(worker):
    worker().pause(30)
    assert is_full(worker())
    assert 25 < worker()._ask("late", 1) <= 30


def test_who_waits_for_a_place_stops_when_nobody_wants_the_call_any_more(worker):
    class Cancelled(Exception):
        pass

    def cancelled() -> None:
        raise Cancelled

    with (
        worker(max_calls=1).place(10, 0, nothing),
        pytest.raises(Cancelled),
        worker(max_calls=1).place(10, 60, cancelled),
    ):
        """Never."""


def test_without_redis_each_process_makes_one_call_at_a_time():
    limits = SharedLimits(NOWHERE, "test", 8, 1000)
    at_once = most = 0
    lock = threading.Lock()

    def call(_: int) -> None:
        nonlocal at_once, most
        with limits.place(10, 10, nothing):
            with lock:
                at_once += 1
                most = max(most, at_once)
            time.sleep(0.02)
            with lock:
                at_once -= 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(call, range(16)))
    assert most == 1


def test_without_redis_too_nobody_waits_for_a_call_that_is_not_wanted_any_more(monkeypatch):
    class Cancelled(Exception):
        pass

    def cancelled() -> None:
        raise Cancelled

    monkeypatch.setattr("workers.engines.openai.call_limits.LONGEST_NAP_SECONDS", 0.01)
    limits = SharedLimits(NOWHERE, "test", 8, 1000)
    with (
        limits.place(10, 10, nothing),
        pytest.raises(Cancelled),
        limits.place(10, 60, cancelled),
    ):
        """Never."""


def engine(server: FakeOpenAI, limits: SharedLimits) -> OpenAITranscriber:
    return OpenAITranscriber(OpenAIClient(KEY, server.base_url, limits), "gpt-transcribe")


def test_a_server_never_sees_more_calls_at_once_than_all_workers_may_make(worker):
    with FakeOpenAI(nature=Nature(latency=0.03)) as server:
        server.will_always(lambda _: Reply({"text": "hello"}))
        workers = [engine(server, worker(max_calls=3)) for _ in range(3)]
        with ThreadPoolExecutor(12) as pool:
            calls = [pool.submit(workers[n % 3].transcribe, PCM, TranscriptionHints()) for n in range(24)]
            assert all(call.result() for call in calls)
        for one in workers:
            one.close()
    assert len(server.received) == 24
    assert 2 <= server.most_at_once <= 3


def test_one_refused_call_makes_all_workers_wait_as_long_as_the_server_says(worker):
    with FakeOpenAI(nature=Nature(calls_a_minute=1, retry_after="40")) as server:
        server.will_always(lambda _: Reply({"text": "hello"}))
        first, second = engine(server, worker()), engine(server, worker())
        first.transcribe(PCM, TranscriptionHints())
        with pytest.raises(RetryableStepError) as caught:
            first.transcribe(PCM, TranscriptionHints())
        assert caught.value.retry_after_seconds == 40
        assert is_full(worker())
        second.close()
        first.close()
    assert len(server.received) == 2


def test_a_worker_that_finds_no_place_puts_its_step_off(worker, monkeypatch):
    monkeypatch.setattr("workers.engines.openai.client.WAIT_SECONDS", 0.0)
    with FakeOpenAI() as server, worker(max_calls=1).place(10, 0, nothing):
        busy = engine(server, worker(max_calls=1))
        with pytest.raises(RetryableStepError) as caught:
            busy.transcribe(PCM, TranscriptionHints())
        busy.close()
    assert caught.value.code == "engine_busy"
    assert server.received == []
