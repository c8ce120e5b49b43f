"""The keys of the session page: one table, from which the help is drawn and the scripts are driven."""

from dataclasses import dataclass

from web.translation import gettext, mark


@dataclass(frozen=True, slots=True)
class Key:
    """``keys``: what is pressed, as browsers name it; ``action``: what the scripts call it."""

    keys: tuple[str, ...]
    action: str
    title: str


KEYS: tuple[Key, ...] = (
    Key((" ", "k"), "toggle", mark("Play or pause")),
    Key(("j",), "back10", mark("Back 10 seconds")),
    Key(("l",), "forward10", mark("On 10 seconds")),
    Key(("ArrowLeft",), "back5", mark("Back 5 seconds")),
    Key(("ArrowRight",), "forward5", mark("On 5 seconds")),
    Key(("Shift+ArrowLeft",), "previousTurn", mark("To the turn before")),
    Key(("Shift+ArrowRight",), "nextTurn", mark("To the next turn")),
    Key((",",), "again", mark("Hear the last 3 seconds again, slower, while held")),
    Key(("[",), "slower", mark("Slower")),
    Key(("]",), "faster", mark("Faster")),
    Key(("e",), "edit", mark("Correct what is heard now")),
    Key(("n",), "nextDoubt", mark("To the next doubtful word")),
    Key(("p",), "previousDoubt", mark("To the doubtful word before")),
    Key(("f",), "follow", mark("Follow the words, or stop following")),
    Key(("r",), "alerts", mark("To the risk alerts")),
    Key(("?",), "help", mark("This list")),
)
NAMES = {
    " ": mark("Space"),
    "ArrowLeft": "←",
    "ArrowRight": "→",
    "Shift+ArrowLeft": mark("Shift ←"),
    "Shift+ArrowRight": mark("Shift →"),
}


def shown(key: str) -> str:
    """How a key is written in the list."""
    return gettext(NAMES[key]) if key in NAMES else key.upper() if len(key) == 1 else key
