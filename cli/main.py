"""The program ``sessionscribe``: ready for Ctrl-C before anything else is imported."""

import os
import signal
import sys
from io import TextIOWrapper
from pathlib import Path

INTERRUPTED = 130  # cli.exits has it too, but is not imported yet


def main() -> None:
    """The entry point."""
    early = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if early:  # not where the caller has it ignored
        signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
    from cli.app import run  # takes some tenths of a second, in which nothing needs an end in good order

    if sys.stderr is None:  # closed by the caller (`2>&-`): errors have nowhere to go
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 - open to the end of the program
    if sys.stdout is None:
        sys.stderr.write("Error: Standard output is closed. Leave it open, or send it to a file.\n")
        sys.exit(1)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a character shows a ?
    try:
        if early:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        code = run(sys.argv[1:])
    except KeyboardInterrupt:
        code = INTERRUPTED
    sys.exit(code)


if __name__ == "__main__":
    main()
