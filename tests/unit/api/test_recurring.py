"""A warning that stands for many."""

import pytest
from structlog.testing import capture_logs

from api.server import throttled_log
from api.server.throttled_log import Recurring


def test_a_crowd_is_told_in_one_line_in_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(throttled_log.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(throttled_log, "_all", [])
    warning = Recurring("slow_clients_dropped", status=408)
    with capture_logs() as lines:
        for _ in range(300):
            warning.note()
        throttled_log.tell_all()
        clock[0] += throttled_log.SECONDS_APART
        throttled_log.tell_all()
        throttled_log.tell_all(now=True)
        warning.note()
        throttled_log.tell_all(now=True)
    told = [(line["event"], line["count"], line["status"]) for line in lines]
    assert told == [("slow_clients_dropped", count, 408) for count in (1, 299, 1)]
