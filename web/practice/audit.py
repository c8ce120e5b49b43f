"""The audit trail, for administrators: ids and what was done with them, never a word of a record."""

import re
from collections.abc import Mapping
from urllib.parse import urlencode
from uuid import UUID

from flask import render_template, request

from shared.services.access.caller import Scope
from shared.services.accounts import people
from shared.services.audit_trail import reading
from shared.services.audit_trail.reading import Wanted
from web import form_values
from web.access import caller, resources, signed_in
from web.pages import Pages

blueprint = Pages("audit", __name__)

_AT_ONCE = 100
_ACTION = re.compile(r"[a-z][a-z0-9_.]{0,99}")
# What the form calls them, and what the API does.
_FILTERS = {
    "person": "person_id",
    "record": "record_id",
    "patient": "patient_id",
    "action": "action",
    "since": "since",
    "until": "until",
}


@blueprint.get("/audit")
@signed_in(Scope.AUDIT_READ, Scope.PEOPLE)
def page() -> str:
    """The newest lines that the form asks for, with links to their files."""
    asked = {name: request.args.get(name, "").strip() for name in _FILTERS}
    found = reading.page(
        resources(), caller(), _wanted(asked), limit=_AT_ONCE, before=request.args.get("before", type=int)
    )
    said = {name: value for name, value in asked.items() if value}
    of_api = urlencode({_FILTERS[name]: value for name, value in said.items()})
    return render_template(
        "practice/audit.html",
        lines=found.items,
        people=people.listed(resources(), caller()),
        asked=asked,
        older=urlencode({**said, "before": found.items[-1].id}) if found.next_cursor else None,
        files={form: f"/api/audit/export?{of_api}&format={form}" for form in (reading.CSV, reading.NDJSON)},
    )


def _wanted(asked: Mapping[str, str]) -> Wanted:
    """What was understood of the form; the rest does not filter."""

    def read(name: str) -> UUID | None:
        return request.args.get(name, type=UUID)

    return Wanted(
        person_id=read("person"),
        record_id=read("record"),
        patient_id=read("patient"),
        action=asked["action"] if _ACTION.fullmatch(asked["action"]) else None,
        since=request.args.get("since", type=form_values.utc_day),
        until=request.args.get("until", type=form_values.utc_day),
    )
