"""A worker as the product runs it, but for engines that cost nothing and orders that it obeys."""

import os
from contextlib import ExitStack
from dataclasses import replace

from celery.signals import task_postrun, worker_process_init

import celeryconfig
from shared.domain import failpoints
from shared.services.jobs import leases
from shared.services.resources import Resources
from shared.settings import load
from tests.fakes.media import FakeDecoder
from tests.faults import arming, engines
from workers.app import app
from workers.dependencies import build, use

__all__ = ["app"]

arming.install()
leases.BACKOFF_SECONDS = 0.5  # what is tried again, is tried again soon
_in_use = ExitStack()

if seconds := os.environ.get("FAULTS_TIME_LIMIT"):  # a parent ends a hung task after as long
    limits = {"*": {"time_limit": float(seconds)}}
    app.conf.task_annotations = limits
    celeryconfig.task_annotations = limits  # also of what a step sends, whose messages name a limit
if seconds := os.environ.get("FAULTS_VISIBILITY_TIMEOUT"):  # Redis gives out again what takes longer
    timeout = {"visibility_timeout": float(seconds), "unacked_restore_interval": 1}
    app.conf.broker_transport_options = {**app.conf.broker_transport_options, **timeout}


def _resources(resources: Resources) -> Resources:
    if os.environ.get("FAULTS_DECODER") != "none":
        return resources
    return replace(resources, decoder=FakeDecoder(seconds=1.0))  # for benchmarks: decoding costs nothing


@worker_process_init.connect(weak=False)
def _lay_the_bench(**_: object) -> None:
    product = build(load(os.environ))
    bench = replace(
        product,
        resources=_resources(product.resources),
        build_analyser=engines.Analyser,
        build_transcriber=lambda _: engines.Transcriber(os.environ["FAULTS_MARKER"]),
        build_extractor=engines.build_extractor,
    )
    _in_use.enter_context(use(bench))


@task_postrun.connect(weak=False)
def _next_is_published(task: object = None, **_: object) -> None:
    """Celery has published what follows in the chain, and has not acknowledged this message yet."""
    failpoints.reach("ended", getattr(task, "name", "").removeprefix("pipeline."))
