"""What alerts, panels and autoscalers rely on in the metrics: that it is told, and told in time."""

import re
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, update

from shared.db.queries.work import heartbeats
from shared.db.tables.lifecycle import Erasure
from shared.domain.errors import Unavailable
from shared.services.lifecycle import deletion
from shared.services.operations.reconciliation import Places, reconcile
from shared.services.resources import Resources
from shared.services.sessions import reading as sessions
from shared.storage.local_store import LocalStore
from tests.database import everything
from tests.integration.operations.test_observing import scrape
from tests.integration.sessions import bench_with, promise, work
from tests.servers import Office

ROOT = Path(__file__).parents[3]


def test_a_scrape_tells_of_a_store_that_refuses_though_there_is_room(
    resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LocalStore, "check", store_away)
    seen = scrape(resources)
    assert seen['sessionscribe_part_up{part="storage"}'] == 0
    assert "sessionscribe_storage_free_bytes" not in seen


@pytest.mark.parametrize("part", ["database", "storage"])
def test_a_part_that_does_not_answer_is_told_as_away_in_time(
    resources: Resources, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    over = threading.Event()
    asked = {"database": (heartbeats, "living"), "storage": (LocalStore, "check")}[part]
    monkeypatch.setattr(*asked, lambda *_: over.wait(60))
    try:
        seen = scrape(resources)
    finally:
        over.set()
    found = {
        name: seen[f'sessionscribe_part_up{{part="{name}"}}'] for name in ("database", "broker", "storage")
    }
    assert found == {"database": 1, "broker": 1, "storage": 1} | {part: 0}


def test_what_somebody_waits_for_is_told_as_urgent(resources: Resources, office: Office) -> None:
    session_id = promise(resources, office)
    work(bench_with(resources), session_id)
    sessions.extract_again(resources, office.caller, session_id, urgent=True)
    seen = scrape(resources)
    assert seen['sessionscribe_claimable{queue="urgent"}'] == 1
    assert seen['sessionscribe_claimable{queue="extract"}'] == 0
    assert seen['sessionscribe_oldest_waiting_seconds{queue="urgent"}'] > 0


def test_a_deletion_that_fails_again_and_again_is_overdue_in_the_end(
    resources: Resources, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_id = promise(resources, office)
    with monkeypatch.context() as broken:
        broken.setattr(LocalStore, "delete", store_away)
        deletion.delete(resources, office.caller, session_id)
        delay_erasure(resources, 601)
        assert deletion.erase_due(resources.database, resources.recordings, resources.vault.keys) == 0
    assert scrape(resources)["sessionscribe_erasures_overdue"] == 1
    delay_erasure(resources, 0)
    assert deletion.erase_due(resources.database, resources.recordings, resources.vault.keys) == 1
    assert scrape(resources)["sessionscribe_erasures_overdue"] == 0


def store_away(*_: object) -> None:
    raise Unavailable(
        "The storage is not available for now; nothing was left half-done. Try again.", "storage_unavailable"
    )


def delay_erasure(resources: Resources, seconds: float) -> None:
    """As if the session had been deleted so many seconds earlier, and were due again."""
    with everything(resources) as db:
        earlier = Erasure.last_at - timedelta(seconds=seconds)
        db.execute(update(Erasure).values(due_at=func.now(), last_at=earlier))


def test_every_metric_that_an_alert_a_panel_or_an_autoscaler_asks_for_exists(
    resources: Resources, office: Office
) -> None:
    work(bench_with(resources), promise(resources, office))
    reconcile(Places(resources.database, resources.recordings.store, resources.vault.keys), grace_seconds=60)
    there = {sample.partition("{")[0] for sample in scrape(resources)}
    files = [
        *(ROOT / "deploy" / "monitoring").iterdir(),
        *(ROOT / "deploy" / "kubernetes").glob("autoscaling*"),
    ]
    for file in files:
        asked = set(re.findall(r"\bsessionscribe_\w+", file.read_text()))
        assert asked, file
        assert asked <= there, file


def test_counters_begin_with_zero(resources: Resources) -> None:
    seen = scrape(resources)
    assert seen['sessionscribe_sessions_ended_total{code="",status="failed"}'] == 0
    assert seen['sessionscribe_leases_lost_total{step="transcribe_chunk"}'] == 0
    assert seen['sessionscribe_processes{kind="worker"}'] == 0
