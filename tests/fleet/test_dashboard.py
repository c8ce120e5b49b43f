"""Every panel of the dashboard shows something after a real run, as a real Prometheus saw it."""

import json
import math
from collections.abc import Iterator

import pytest

from tests.faults.clinic import Clinic
from tests.faults.machine import ROOT, Machine, running_machine
from tests.fleet.prometheus import Prometheus, watching
from tests.fleet.scraping import TOKEN
from tests.waiting import wait_for

pytestmark = pytest.mark.fleet

DASHBOARD = json.loads((ROOT / "deploy" / "monitoring" / "dashboard.json").read_text())
QUERIES = [
    (panel["title"], target["refId"], target["expr"])
    for panel in DASHBOARD["panels"]
    for target in panel["targets"]
]


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """A Prometheus that has seen six sessions, of which two were tried again and one deleted."""
    folder = tmp_path_factory.mktemp("prometheus")
    with (
        running_machine(settings={"SESSIONSCRIBE_METRICS_TOKEN": TOKEN}) as machine,
        Clinic(machine) as clinic,
    ):
        see_sessions(machine, clinic)  # so that there is something to increase
        with watching(machine, folder) as prometheus:
            wait_for(lambda: prometheus.asked(ACCEPTED) == [3.0], 60)
            see_sessions(machine, clinic)
            wait_for(
                lambda: prometheus.asked(f"{ACCEPTED} >= 6") and prometheus.asked(f"{PROCESSED} >= 6"), 60
            )
            yield prometheus


ACCEPTED = "sessionscribe_sessions_accepted_total"
PROCESSED = 'sessionscribe_sessions_ended_total{status="processed"}'


def see_sessions(machine: Machine, clinic: Clinic) -> None:
    machine.orders.arm("hearing.1", "raise")
    sessions = [clinic.upload() for _ in range(3)]
    clinic.wait_until_processed(*sessions)
    clinic.delete(sessions[0])


@pytest.mark.parametrize(("title", "reference", "expression"), QUERIES, ids=lambda value: str(value)[:30])
def test_a_panel_shows_something(watched: Prometheus, title: str, reference: str, expression: str) -> None:
    values = watched.asked(expression)
    assert values
    assert not [value for value in values if math.isnan(value)]


def test_no_alert_stirs_meanwhile(watched: Prometheus) -> None:
    assert watched.firing() == set()
