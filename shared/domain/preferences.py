"""How a person likes the pages. Kept on the server, so that it is the same on each of their computers."""

from dataclasses import dataclass

SYSTEM, LIGHT, DARK = "system", "light", "dark"
THEMES = (SYSTEM, LIGHT, DARK)
SPEEDS = (0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0)


@dataclass(frozen=True, slots=True)
class Preferences:
    """``theme``: light, dark, or as the system has it. ``playback_speed``: how fast recordings play."""

    theme: str = SYSTEM
    playback_speed: float = 1.0
