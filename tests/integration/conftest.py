"""For the integration rung alone: what is slow, and what none of its tests is about."""

import os
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module", autouse=True)
def cheap_passphrases() -> Iterator[None]:
    """Hash with argon2's least cost: hundreds of sign-ins at the real one take minutes.

    The unit tests hold the real cost to the RFC.
    """
    from argon2 import PasswordHasher

    from shared.services.sign_in import passphrases

    least = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passphrases, "_hasher", least)
        patch.setattr(passphrases, "NONE", least.hash("of nothing"))
        yield


@pytest.fixture(scope="module", autouse=True)
def unsynced_files() -> Iterator[None]:
    """Leave it to the kernel when files of this process reach the disk: no power fails here.

    A test waits for the disk about twenty times. Those of what is synced, and in which order, note the calls.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield
