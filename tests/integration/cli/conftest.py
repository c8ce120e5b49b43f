"""A data folder for commands that talk to a server of the test's own."""

from pathlib import Path

import pytest

from cli.profile import Profile
from tests.fakes.api_server import ADMINISTRATOR_KEY, KEY, FakeApi


@pytest.fixture
def data(server: FakeApi, tmp_path: Path) -> Path:
    """A folder whose profile leads to ``server``, which each module makes."""
    Profile(server.url, KEY, ADMINISTRATOR_KEY).save(tmp_path)
    return tmp_path
