"""The commands ``privacy …``: what an inspection asks for."""

import click
from rich.text import Text

from cli.options import EPILOG, connect, json_option, pass_target
from cli.output import console
from cli.output.tables import table
from cli.profile import Target
from cli.sanitise import one_line


@click.group(epilog=EPILOG, short_help="Records of processing.")
def privacy() -> None:
    """What the practice processes."""


@privacy.command(epilog=EPILOG)
@json_option
@pass_target
def report(target: Target, as_json: bool) -> None:
    """Show records of processing and inputs for an impact assessment.

    From settings and tables, with an administrator's key. It judges no law.
    """
    with connect(target, administrator=True) as api:
        found = api.document("/api/practice/privacy-report")
    if as_json:
        console.print_json(found)
        return
    out = console.results()
    out.print(Text(f"{one_line(found['practice'])}, {one_line(found['made_at'])[:10]}"), soft_wrap=True)
    out.print(Text(one_line(found["purpose"])), soft_wrap=True)
    rows = [(one.get("what"), one.get("of_whom"), one.get("protection")) for one in found["categories"]]
    table(out, ("Data", "Of whom", "Protection"), rows, "")
    for name in ("held", "engines", "storage", "sign_in", "audit_trail", "given_out_in_a_year"):
        facts = [(key.replace("_", " "), _plain(value)) for key, value in found[name].items()]
        table(out, (name.replace("_", " ").capitalize(), ""), facts, f"{name.replace('_', ' ')}: none")
    hosts = [(one.get("host"), _plain(one.get("events")), one.get("gets")) for one in found["webhooks"]]
    table(out, ("Webhook", "Events", "Gets"), hosts, "No webhooks.")
    for sentence in found["look_at"]:
        out.print(Text(f"Look at: {one_line(sentence)}"), soft_wrap=True)


def _plain(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    if value is None:
        return "none"
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
