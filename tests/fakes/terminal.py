"""A person at a terminal who types what was prepared."""

import io


class Terminal(io.StringIO):
    """Standard input that is a terminal."""

    def isatty(self) -> bool:
        return True
