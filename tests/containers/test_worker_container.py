"""Workers in containers: one takes a session to processed, one is driven by pytest-celery."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from pytest_celery import CeleryBrokerCluster, CeleryWorkerContainer, RedisTestBroker
from pytest_docker_tools import container, fxtr
from redis import Redis
from testcontainers.core.container import DockerContainer

from shared.queue import WorkQueue, make_app
from shared.services.resources import Resources
from tests.containers.conftest import BASE_IMAGE, IMAGE
from tests.e2e.conftest import excerpt
from tests.integration.api_client import Caller, app_of, caller_of
from tests.servers import Office
from tests.waiting import wait_for

pytestmark = pytest.mark.docker

COMMAND = [
    *("celery", "-A", "workers.app", "worker", "--pool", "prefork", "--concurrency", "1"),
    *("--queues", "urgent,persist,extract,transcribe", "--loglevel", "WARNING"),
    *("--without-gossip", "--without-mingle", "--without-heartbeat"),
]
FINAL = ("processed", "failed")


@pytest.fixture
def call(resources: Resources, office: Office) -> Caller:
    return caller_of(app_of(resources), resources, office)


@pytest.fixture
def worker(environment: dict[str, str], tmp_path: Path) -> Iterator[DockerContainer]:
    """A worker in a container, on this machine's network, Postgres, Redis and folders."""
    running = DockerContainer(IMAGE).with_command(COMMAND).with_kwargs(network_mode="host", user="0")
    for name, value in environment.items():
        running = running.with_env(name, value)
    with running.with_volume_mapping(str(tmp_path), str(tmp_path), "rw") as started:
        yield started


def test_a_worker_in_a_container_takes_a_session_to_its_notes(
    call: Caller, office: Office, worker: DockerContainer
) -> None:
    address = call.upload(office.patient_id, excerpt(8.0)).headers["Location"]
    for _ in range(3):  # asks again, so that a failure below can show the worker's log
        document = call("GET", address, headers={"Prefer": "wait=30"}).json
        if document["status"] in FINAL:
            break
    log = b"".join(worker.get_logs()).decode()
    assert document["status"] == "processed", (document["error"], log)
    assert len(document["transcript_text"].split()) > 5
    assert document["transcript_text"].split()[0] not in log


class SessionWorker(CeleryWorkerContainer):
    """Our worker as pytest-celery runs it."""

    @property
    def ready_prompt(self) -> None:
        """None: our workers log no more than they must."""

    def ready(self) -> bool:
        """Whether it runs: on the host's network it never gets the address for which others wait."""
        self._container.reload()
        return bool(self._container.status == "running")

    @classmethod
    def command(cls, *args: str, **_: object) -> list[str]:
        return [*COMMAND, *args]


@pytest.fixture
def default_redis_broker_image() -> str:
    return BASE_IMAGE


@pytest.fixture
def celery_broker_cluster(celery_redis_broker: RedisTestBroker) -> Iterator[CeleryBrokerCluster]:
    """Redis, as in production."""
    cluster = CeleryBrokerCluster(celery_redis_broker)
    yield cluster
    cluster.teardown()


@pytest.fixture
def session_worker_env(
    celery_broker_cluster: CeleryBrokerCluster, environment: dict[str, str]
) -> dict[str, str]:
    """This machine's Postgres and folders, and the cluster's Redis."""
    (broker,) = celery_broker_cluster.nodes
    host, port = broker.container.get_addr("6379/tcp")
    return {
        **environment,
        "REDIS_URL": f"redis://{host}:{port}/0",
        "SESSIONSCRIBE_PLAINTEXT_HOSTS": host,
    }


@pytest.fixture
def session_worker_volumes(tmp_path: Path) -> dict[str, dict[str, str]]:
    return {str(tmp_path): {"bind": str(tmp_path), "mode": "rw"}}


session_worker = container(
    image=IMAGE,
    environment=fxtr("session_worker_env"),
    volumes=fxtr("session_worker_volumes"),
    network_mode="host",
    user="0",
    wrapper_class=SessionWorker,
    command=COMMAND,
    timeout=60,
)


def test_a_message_reaches_a_worker_that_pytest_celery_runs(
    session_worker_env: dict[str, str], session_worker: SessionWorker
) -> None:
    session_id = uuid4()
    # Not the cluster's own host_urls: they say localhost even where the tests run in a container.
    broker_url = session_worker_env["REDIS_URL"]
    assert WorkQueue(make_app(broker_url)).publish(session_id)
    wait_for(lambda: str(session_id) in session_worker.logs(), seconds=60)
    with Redis.from_url(broker_url) as redis:
        wait_for(lambda: not redis.exists("transcribe"), seconds=30)
    assert session_worker.status == "running"  # there is no such session, and that is no harm
