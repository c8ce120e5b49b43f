"""What several tests want imported ahead is all imported: Python keeps one list for a process."""

from types import SimpleNamespace

import pytest

from tests import forking


def test_who_wants_modules_ahead_takes_none_from_others(monkeypatch: pytest.MonkeyPatch) -> None:
    lists: list[list[str]] = []
    monkeypatch.setattr(forking, "_wanted", {})
    monkeypatch.setattr(forking, "_CONTEXT", SimpleNamespace(set_forkserver_preload=lists.append))
    forking.import_ahead("json", "csv")
    forking.import_ahead("csv", "wave")
    assert lists == [["json", "csv"], ["json", "csv", "wave"]]
