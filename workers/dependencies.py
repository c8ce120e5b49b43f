"""The workbench of this worker process, built on first use: after the fork, never at import."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from shared.db.connection.engine import Database
from shared.domain.ports import SpeechAnalyser
from shared.media.isolation.sandbox import Sandbox
from shared.media.limits import MediaLimits
from shared.outbound import traces
from shared.queue import WorkQueue, make_app
from shared.services.jobs.worker_context import Workbench
from shared.services.resources import Resources
from shared.settings import Settings, load
from shared.storage.opening import open_store
from shared.storage.recordings import Recordings
from shared.vault.keystore import KeyStore
from shared.vault.sealing import Vault
from workers.engines import registry
from workers.engines.screen.screening import RiskScreen, load_model

_in_use: list[Workbench] = []


def bench() -> Workbench:
    """The workbench in ``use``, else this process's own, from the environment; raises SettingsError."""
    return _in_use[-1] if _in_use else _own()


@contextmanager
def use(workbench: Workbench) -> Iterator[None]:
    """Have the tasks of this process work at ``workbench`` meanwhile: they can be run without a worker."""
    _in_use.append(workbench)
    try:
        yield
    finally:
        _in_use.pop()


@cache
def _own() -> Workbench:
    settings = load(os.environ)
    traces.install(settings.traces_endpoint, "worker")
    return build(settings)


def build(settings: Settings) -> Workbench:
    """A workbench on these settings; engines load when they are first needed."""
    keys = KeyStore(settings.keys_dir, settings.root_key_command)
    resources = Resources(
        settings=settings,
        database=Database(settings.database_url),
        vault=Vault(keys),
        recordings=Recordings(open_store(settings.storage_url, settings.s3), keys),
        decoder=Sandbox(MediaLimits(max_seconds=settings.max_recording_seconds)),
        queue=WorkQueue(make_app(settings.redis_url)),
    )
    options = registry.EngineOptions.of(settings)
    return Workbench(
        resources=resources,
        worker=f"{socket.gethostname()}:{os.getpid()}",
        build_analyser=_build_analyser,
        build_transcriber=lambda name: registry.build_transcriber(name, options),
        build_extractor=lambda: registry.build_extractor(settings.extractor, options),
        screen_risk=RiskScreen(load_model),
    )


def _build_analyser() -> SpeechAnalyser:
    from workers.audio.analyser import OfflineSpeechAnalyser  # loads numpy and a model: only for audio

    return OfflineSpeechAnalyser()
