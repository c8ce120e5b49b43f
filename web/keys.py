"""The keys of the session page: one table, from which the help is drawn and the scripts are driven."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Key:
    """``keys``: what is pressed, as browsers name it; ``action``: what the scripts call it."""

    keys: tuple[str, ...]
    action: str
    title: str


KEYS: tuple[Key, ...] = (
    Key((" ", "k"), "toggle", "Play or pause"),
    Key(("j",), "back10", "Back 10 seconds"),
    Key(("l",), "forward10", "On 10 seconds"),
    Key(("ArrowLeft",), "back5", "Back 5 seconds"),
    Key(("ArrowRight",), "forward5", "On 5 seconds"),
    Key(("Shift+ArrowLeft",), "previousTurn", "To the turn before"),
    Key(("Shift+ArrowRight",), "nextTurn", "To the next turn"),
    Key((",",), "again", "Hear the last 3 seconds again, slower, while held"),
    Key(("[",), "slower", "Slower"),
    Key(("]",), "faster", "Faster"),
    Key(("e",), "edit", "Correct what is heard now"),
    Key(("n",), "nextDoubt", "To the next doubtful word"),
    Key(("p",), "previousDoubt", "To the doubtful word before"),
    Key(("f",), "follow", "Follow the words, or stop following"),
    Key(("r",), "alerts", "To the risk alerts"),
    Key(("?",), "help", "This list"),
)
NAMES = {
    " ": "Space",
    "ArrowLeft": "←",
    "ArrowRight": "→",
    "Shift+ArrowLeft": "Shift ←",
    "Shift+ArrowRight": "Shift →",
}


def shown(key: str) -> str:
    """How a key is written in the list."""
    return NAMES.get(key, key.upper() if len(key) == 1 else key)
