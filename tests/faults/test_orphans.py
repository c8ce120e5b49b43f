"""What died uploads leave is removed in the end, by the command and the dispatcher, and nothing else is."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import delete

from shared.db.tables.operations import Reconciliation
from shared.storage.objects import ObjectStore
from shared.storage.opening import open_store
from tests.database import everything
from tests.faults.clinic import Clinic
from tests.faults.clocks import Clocks, library
from tests.faults.machine import ROOT, Machine, running_machine
from tests.s3 import BUCKET, CREDENTIALS, running_s3
from tests.stack import temporary_folder
from tests.waiting import wait_for

HOURS = 3600.0
OLD_HOURS = 100.0  # the dispatcher removes what is older than 72


def store_of(machine: Machine) -> ObjectStore:
    return open_store(machine.settings.storage_url, machine.settings.s3)


def keys_of(machine: Machine) -> dict[UUID, Path]:
    return {UUID(path.stem): path for path in (machine.keys / "subjects").glob("*/*.key")}


def leave_an_orphan(clinic: Clinic) -> UUID:
    """An upload whose server dies once all is stored, and before it is promised to anybody."""
    machine = clinic.machine
    before = set(keys_of(machine))
    machine.orders.arm("promising", "kill")
    with pytest.raises(httpx2.TransportError):
        clinic.send()
    machine.wait_until_up()
    (orphan,) = set(keys_of(machine)) - before
    return orphan


def age(path: Path) -> None:
    then = time.time() - OLD_HOURS * HOURS
    os.utime(path, (then, then))


def age_everything(machine: Machine) -> None:
    """As if all that lies here had been so for days; what lies on S3 is old already."""
    for path in [*keys_of(machine).values(), *machine.recordings.rglob("recording")]:
        age(path)


def reconcile(machine: Machine, *options: str) -> dict[str, Any]:
    """What the command says, run as an operator runs it."""
    command = [sys.executable, "-m", "cli.main", "reconcile", "--json", *options]
    done = subprocess.run(
        command, cwd=ROOT, env=machine.environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def owners_of_objects(machine: Machine) -> set[UUID]:
    return {UUID(found.name.split("/")[1]) for found in store_of(machine).list()}


@pytest.mark.usefixtures("expect_all_well")
def test_the_command_shows_what_nobody_owns_and_removes_it_only_if_it_is_told_to(
    clinic: Clinic, machine: Machine
) -> None:
    session_id, orphan = clinic.upload(), leave_an_orphan(clinic)
    clinic.wait_until_processed(session_id)
    assert str(orphan) not in reconcile(machine)["keys"]  # too young
    age_everything(machine)
    found = reconcile(machine)
    assert str(orphan) in found["keys"]
    assert [name for name in found["objects"] if str(orphan) in name]
    assert orphan in owners_of_objects(machine)
    assert reconcile(machine, "--remove")["removed"] >= 2
    assert orphan not in owners_of_objects(machine) | set(keys_of(machine))
    assert session_id in owners_of_objects(machine) & set(keys_of(machine))
    assert not any(reconcile(machine)["counts"].values())


def have_the_dispatcher_reconcile(machine: Machine) -> None:
    """As on the next day: nobody has compared yet. It looks when it starts, and every hour."""
    with everything(machine.postgres.url) as db:
        db.execute(delete(Reconciliation))
    said = machine.log_of("dispatcher").count('"reconciled"')
    machine.keeper.restart("dispatcher")
    wait_for(lambda: machine.log_of("dispatcher").count('"reconciled"') > said, 90)


@pytest.mark.long
@pytest.mark.usefixtures("expect_all_well")
def test_the_dispatcher_removes_what_nobody_owns(clinic: Clinic, machine: Machine) -> None:
    session_id, orphan = clinic.upload(), leave_an_orphan(clinic)
    clinic.wait_until_processed(session_id)
    age_everything(machine)
    young = leave_an_orphan(clinic)
    have_the_dispatcher_reconcile(machine)
    assert orphan not in owners_of_objects(machine) | set(keys_of(machine))
    assert {session_id, young} <= owners_of_objects(machine) & set(keys_of(machine))


@contextmanager
def machine_on_s3() -> Iterator[Machine]:
    """Its recordings lie in a bucket whose clock is days behind: what comes into it is old at once."""
    with temporary_folder() as folder:
        clocks = Clocks(folder / "clocks")
        clocks.set_off("s3", -OLD_HOURS * HOURS)
        with running_s3(folder / "s3.log", environment=clocks.environment_of("s3")) as url:
            settings = {
                **CREDENTIALS,
                "STORAGE_URL": f"s3://{BUCKET}/clinic",
                "SESSIONSCRIBE_S3_ENDPOINT": url,
            }
            with running_machine(workers=1, settings=settings) as machine:
                yield machine
        clocks.clear_up()


@pytest.mark.long
@pytest.mark.skipif(library() is None, reason="libfaketime's wheel is for Linux on x86-64")
def test_on_s3_both_remove_what_nobody_owns() -> None:
    with machine_on_s3() as machine, Clinic(machine) as clinic:
        session_id, first = clinic.upload(), leave_an_orphan(clinic)
        clinic.wait_until_processed(session_id)
        age_everything(machine)
        found = reconcile(machine)
        assert (found["keys"], len(found["objects"])) == ([str(first)], 1)
        assert reconcile(machine, "--remove")["removed"] == 2
        second = leave_an_orphan(clinic)
        age_everything(machine)
        have_the_dispatcher_reconcile(machine)
        assert not {first, second} & (owners_of_objects(machine) | set(keys_of(machine)))
        assert owners_of_objects(machine) == {session_id}
        assert not any(reconcile(machine)["counts"].values())
