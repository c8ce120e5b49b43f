"""Everything may be started in any order, by whoever switches a machine on: in the end it works."""

import httpx2
import pytest

import migrations
from cli.local.accounts import make_first_keys
from embedded.ports import next_free
from tests.database import make_inspector
from tests.faults.clinic import Clinic
from tests.faults.machine import START_SECONDS, Machine
from tests.faults.marks import late
from tests.faults.oracle import judge
from tests.stack import temporary_folder
from tests.waiting import wait_for

WAITERS = ("web", "dispatcher", "worker.1", "worker.2")
ORDERS = {
    "databases last": (*WAITERS, "postgres", "redis"),
    "Redis last": ("postgres", *WAITERS, "redis"),
    "Postgres last": ("redis", *WAITERS, "postgres"),
    "the other way round": (*reversed(WAITERS), "redis", "postgres"),
}


@pytest.mark.usefixtures("expect_all_well")
@pytest.mark.parametrize(
    "order", ["databases last", *late("Redis last", "Postgres last", "the other way round")]
)
def test_a_machine_that_is_switched_on_may_start_its_processes_in_any_order(
    clinic: Clinic, machine: Machine, order: str
) -> None:
    """Nothing was finished when it was switched off, and Redis has forgotten all."""
    machine.orders.arm("finishing", "hold")
    begun = [clinic.upload() for _ in range(3)]
    machine.orders.wait_until_taken("finishing")
    for kept in machine.keeper:
        machine.keeper.hold_down(kept.name)
    machine.orders.disarm()
    waiting = {name: said(machine, name) for name in WAITERS[1:]}
    last = [name for name in ORDERS[order] if name in WAITERS][-1]
    for name in ORDERS[order]:
        machine.keeper.bring_up(name)
        wait_for(lambda name=name: machine.keeper[name].pid, 30)  # type: ignore[misc]
        if name == last and "postgres" not in ORDERS[order][:1]:
            for other in waiting:
                wait_for(lambda other=other: said(machine, other) > waiting[other], START_SECONDS)  # type: ignore[misc]
    machine.wait_until_up()
    clinic.wait_until_processed(*begun, clinic.upload())


def said(machine: Machine, name: str, missing: str = "") -> int:
    """How often the process has said that it waits, for whatever or for this."""
    lines = machine.log_of(name).splitlines()
    return len([line for line in lines if '"waits_at_start"' in line and missing in line])


@pytest.mark.long
def test_a_machine_may_be_installed_under_processes_that_run_already() -> None:
    """First the processes, then Postgres and Redis, then the schema, the keys and the first accounts."""
    with temporary_folder() as folder:
        machine = Machine(folder, workers=1, settings={})
        try:
            lay_out(machine)
            for name in ("worker.1", "dispatcher", "web"):
                machine.keep(name.partition(".")[0], name)
            wait_until_all_say(machine, "database", "worker.1", "dispatcher")
            machine._keep_server("postgres", machine.postgres, machine.postgres.prepare)
            machine._keep_server("redis", machine.redis, machine.redis.prepare)
            wait_for(machine.postgres.is_ready, 60)
            machine.postgres.create_database()
            wait_until_all_say(machine, "schema", "worker.1", "dispatcher")
            migrations.upgrade(machine.postgres.owner_url)
            wait_until_all_say(machine, "key_store", "worker.1", "dispatcher", "web")
            make_inspector(machine.postgres)
            made = make_first_keys(machine.settings, "A practice", "A therapist")
            machine.therapist_key = made.therapist or ""
            machine.wait_until_up()
            wait_for(lambda: is_served(machine), START_SECONDS)
            with Clinic(machine) as clinic:
                clinic.wait_until_processed(clinic.upload())
                assert judge(clinic).problems == []
        except BaseException:
            machine.show()
            raise
        finally:
            machine.keeper.stop()


def lay_out(machine: Machine) -> None:
    """The folders and ports that a machine's settings name, and nothing in them."""
    for folder in (machine.logs, machine.recordings):
        folder.mkdir(parents=True)
    machine.orders.prepare()
    machine.postgres.prepare()
    machine.redis.prepare()
    machine.web_port = next_free(18750)


def wait_until_all_say(machine: Machine, missing: str, *names: str) -> None:
    for name in names:
        wait_for(lambda name=name: said(machine, name, f'"{missing}"'), START_SECONDS)  # type: ignore[misc]


def is_served(machine: Machine) -> bool:
    try:
        answer = httpx2.get(f"http://127.0.0.1:{machine.web_port}/readyz", trust_env=False)
    except httpx2.TransportError:
        return False
    return answer.status_code == 200
