"""A store of objects for modules that run a server of S3."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from shared.storage.s3 import S3Store


@pytest.fixture
def store(s3_url: str) -> S3Store:
    """A part of the server at ``s3_url``, which each module runs, that no other test uses."""
    from tests.s3 import store_at

    return store_at(s3_url, str(uuid4()))
