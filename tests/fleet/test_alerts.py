"""Each alert fires when its fault is there, no other does, and none when all is well.

Every fault is made on a whole machine; only time is made up: rows are aged, and what was scraped is
told to Prometheus' own rules as if it had been so for fifty minutes.
"""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from shared.db.connection.engine import Database
from shared.services.lifecycle.cancellation import LAST_WRITE_SECONDS
from shared.services.operations.reconciliation import Places, reconcile
from shared.storage.local_store import LocalStore
from shared.vault.keystore import KeyStore
from tests.database import everything
from tests.faults.clinic import Clinic
from tests.faults.looking import change_steps, session_row
from tests.faults.machine import Machine, running_machine
from tests.fleet.scraping import TOKEN, assert_that_fire, promtool, scrape
from tests.waiting import wait_for

pytestmark = pytest.mark.fleet

Fires = Callable[..., None]
AGE = "UPDATE {table} SET {column} = now() - make_interval(secs => :seconds) WHERE {where}"


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    promtool()
    with running_machine(settings={"SESSIONSCRIBE_METRICS_TOKEN": TOKEN}) as machine:
        yield machine


@pytest.fixture
def clinic(machine: Machine) -> Iterator[Clinic]:
    """A practice on a machine that is well, and has just brought a session to its notes."""
    for kind, count in (("worker", len(machine.workers)), ("dispatcher", 1)):
        living = f'sessionscribe_processes{{kind="{kind}"}}'
        wait_for(lambda living=living, count=count: scrape(machine).get(living) == count, 90)  # type: ignore[misc]
    try:
        with Clinic(machine) as clinic:
            clinic.wait_until_processed(clinic.upload())
            yield clinic
    finally:
        machine.calm_down()


@pytest.fixture
def fires(machine: Machine, clinic: Clinic, tmp_path: Path) -> Fires:
    """Asserts which alerts fire for what has happened since the machine was well."""
    well = scrape(machine)

    def assert_now(*alerts: str) -> None:
        assert_that_fire(tmp_path, well, scrape(machine), alerts)

    return assert_now


def age(
    machine: Machine, table: str, column: str, seconds: float, where: str = "true", **values: object
) -> None:
    """Make rows older than they are."""
    with everything(machine.postgres.url) as db:
        statement = AGE.format(table=table, column=column, where=where)
        assert db.execute(text(statement), {"seconds": seconds, **values}).rowcount  # type: ignore[attr-defined]


@contextmanager
def mounted(*command: str) -> Iterator[None]:
    """Something mounted where the recordings lie; skips the test where we may not."""
    if subprocess.run(["mount", *command], capture_output=True).returncode:
        pytest.skip("only root can mount a disk that is full or read-only")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", command[-1]], check=True)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """A disk that lets nobody write any more."""
    with mounted("--bind", str(folder), str(folder)):
        subprocess.run(["mount", "-o", "remount,ro,bind", folder], check=True)
        yield


def compare(machine: Machine) -> None:
    """Rows, objects and keys, as the dispatcher does daily; nothing is removed."""
    database = Database(machine.postgres.url, pool_size=1)
    try:
        reconcile(Places(database, LocalStore(machine.recordings), KeyStore(machine.keys)), grace_seconds=0)
    finally:
        database.close()


def hold_all_workers(machine: Machine, clinic: Clinic) -> None:
    """As if they had too much to do."""
    machine.orders.arm("claimed.transcribe", "hold", times=len(machine.workers))
    for _ in machine.workers:
        clinic.upload()
    machine.orders.wait_until_taken("claimed.transcribe", len(machine.workers))


def test_none_when_all_is_well(fires: Fires) -> None:
    fires()


def test_postgres_away(fires: Fires, machine: Machine) -> None:
    machine.keeper.hold_down("postgres")
    fires("DatabaseDown")


def test_redis_away(fires: Fires, machine: Machine) -> None:
    machine.keeper.hold_down("redis")
    fires("BrokerDown")


def test_a_disk_gone_read_only(fires: Fires, machine: Machine) -> None:
    with read_only(machine.recordings):
        fires("StorageDown")


def test_no_api(fires: Fires, machine: Machine) -> None:
    machine.keeper.hold_down("web")
    wait_for(lambda: scrape(machine) == {"up": 0.0}, 30)  # its children end when they notice
    fires("ApiDown")


def test_no_worker(fires: Fires, machine: Machine) -> None:
    for name in machine.workers:
        machine.keeper.hold_down(name)
    age(machine, "signs_of_life", "seen_at", 90, "kind = 'worker'")
    fires("NoWorker")


def test_no_dispatcher(fires: Fires, machine: Machine) -> None:
    machine.keeper.hold_down("dispatcher")
    age(machine, "signs_of_life", "seen_at", 90, "kind = 'dispatcher'")
    fires("NoDispatcher")


def test_too_few_workers(fires: Fires, machine: Machine, clinic: Clinic) -> None:
    hold_all_workers(machine, clinic)
    waits = clinic.upload()
    age(machine, "steps", "ready_at", 1000, "session_id = :id", id=waits)
    fires("WorkWaitsTooLong")


def test_somebody_waits_for_what_nobody_takes(fires: Fires, machine: Machine, clinic: Clinic) -> None:
    (done,) = clinic.accepted
    hold_all_workers(machine, clinic)
    answer = clinic.http.post(f"/api/sessions/{done}/extract-notes", headers={"Prefer": "wait=1"})
    assert answer.status_code == 202
    age(machine, "steps", "ready_at", 150, "session_id = :id AND urgent", id=done)
    fires("UrgentWaits")


def test_a_step_that_never_ends(fires: Fires, machine: Machine, clinic: Clinic) -> None:
    machine.orders.arm("hearing.1", "hold")
    stuck = clinic.upload()
    machine.orders.wait_until_taken("hearing.1")
    age(machine, "steps", "ready_at", 7 * 3600, "session_id = :id AND state = 'running'", id=stuck)
    fires("SessionStuck")


def test_recordings_that_no_worker_can_decode(fires: Fires, machine: Machine, clinic: Clinic) -> None:
    hold_all_workers(machine, clinic)
    sessions = [clinic.upload() for _ in range(4)]
    for session_id in sessions:
        change_steps(machine, session_id, "transcribe", max_attempts=1)
        machine.orders.arm(f"decoding.{session_id}", "raise")
    machine.orders.release("claimed.transcribe")
    for session_id in sessions:
        clinic.wait_until(session_id, "failed")
    fires("SessionsFail")


def test_workers_that_die_again_and_again(fires: Fires, machine: Machine, clinic: Clinic) -> None:
    lost = 'sessionscribe_leases_lost_total{step="transcribe"}'
    before = scrape(machine)[lost]
    machine.orders.arm("claimed.transcribe", "kill", times=6)
    sessions = [clinic.upload() for _ in range(3)]
    wait_for(lambda: scrape(machine)[lost] - before >= 6, 120)
    clinic.wait_until_processed(*sessions)
    fires("WorkersDie")


def test_a_disk_that_is_nearly_full(fires: Fires, machine: Machine) -> None:
    with mounted("-t", "tmpfs", "-o", "size=64m", "tmpfs", str(machine.recordings)):
        LocalStore(machine.recordings).set_up()
        fires("DiskFillsUp")


def test_a_deletion_that_the_disk_refuses(fires: Fires, machine: Machine, clinic: Clinic) -> None:
    (done,) = clinic.accepted
    with read_only(machine.recordings):
        assert clinic.http.delete(f"/api/sessions/{done}").status_code < 300
        wait_for(lambda: "erasure_waits" in machine.log_of("dispatcher"), 30)
        age(machine, "erasures", "last_at", 700 - LAST_WRITE_SECONDS, "session_id = :id", id=done)
        fires("DeletionsOverdue", "StorageDown")


@pytest.mark.parametrize("what", ["recording", "key"])
def test_a_recording_or_key_that_is_gone(fires: Fires, machine: Machine, clinic: Clinic, what: str) -> None:
    (done,) = clinic.accepted
    row = session_row(machine, done)
    found = {
        "recording": machine.recordings / str(row.practice_id) / str(done) / "recording",
        "key": next((machine.keys / "subjects").glob(f"*/{done}.key")),
    }[what]
    aside = found.rename(found.with_suffix(".aside"))
    try:
        compare(machine)
        fires("RecordingsLost")
    finally:
        aside.rename(found)
        compare(machine)
