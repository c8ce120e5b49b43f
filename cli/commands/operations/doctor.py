"""The command ``doctor``: looks at every part of a deployment and says what to do.

What it needs is imported when it runs; see ``cli.commands.operations.server``.
"""

import click
from rich.text import Text

from cli.exits import CommandError, Exit
from cli.options import EPILOG, json_option, pass_target
from cli.output import console
from cli.profile import Target

_MARKS = {"good": ("✓", "green"), "doubtful": ("!", "yellow"), "bad": ("✗", "red")}


@click.command(epilog=EPILOG, short_help="Examine a deployment; change nothing.")
@json_option
@pass_target
def doctor(target: Target, as_json: bool) -> None:
    """Examine the deployment of the environment, or the stack in --data; change nothing.

    Run it on the server. Ends with 1 if anything is bad; what is doubtful works.
    """
    from structlog.testing import capture_logs

    from cli.local import checks

    with capture_logs():  # what the parts log of themselves is what is told below
        found = list(checks.examine(target.data))
    if as_json:
        console.print_json([finding.as_json() for finding in found])
    else:
        for finding in found:
            mark, style = _MARKS[finding.verdict]
            line = Text(f"{mark} ", style=style).append(f"{finding.part:<9} ", style="bold")
            console.results().print(line.append(finding.text))
            if finding.advice:
                console.results().print(Text(f"            {finding.advice}", style="dim"))
    bad = sum(finding.verdict == "bad" for finding in found)
    if bad:
        raise CommandError(f"{bad} of {len(found)} findings are bad.", Exit.FAILED)
