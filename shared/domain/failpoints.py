"""Named places where a test can have a process die, wait or fail; nothing in the product arms one.

``reach`` costs one look at an empty list. What happens there is decided by ``watch``, which only
entrances below ``tests/`` call: no setting, file or request of a user leads to it.
"""

from collections.abc import Callable

Watcher = Callable[[str], None]
"""Is told where the process is, as ``place.detail.detail``."""

_watchers: list[Watcher] = []


def reach(place: str, *details: object) -> None:
    """Say that this process is at ``place``; ``details`` narrow it down (step, part, session)."""
    for watcher in _watchers:
        watcher(".".join((place, *map(str, details))))


def watch(watcher: Watcher) -> None:
    """Have ``watcher`` told of every place that this process reaches from now on."""
    _watchers.append(watcher)
