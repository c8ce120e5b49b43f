"""Edits that were begun and not saved: kept for their therapist alone, and gone with what they are of."""

from uuid import UUID

from werkzeug.test import TestResponse

from shared.db.queries.work import outputs
from shared.db.queries.work.outputs import Product
from shared.services.resources import Resources
from tests.database import everything
from tests.integration.notes_calls import Clinician, clinician
from tests.integration.sessions import audited
from tests.servers import make_office

TYPED = {"tag": '"one"', "fields": {"topic_summary": "CANARY she came in late", "key_topics.0": "on"}}


def test_what_was_typed_is_kept_and_given_back(me: Clinician, resources: Resources, session_id: UUID) -> None:
    path = f"{me.path}/unsaved"
    assert me("GET", path).json["code"] == "nothing_unsaved"
    for text in ("She came", "She came in late"):
        answer = me("PUT", path, json={"tag": '"one"', "fields": {"topic_summary": text}})
        assert answer.status_code == 200
    assert me("GET", path).json == {**answer.json, "fields": {"topic_summary": "She came in late"}}
    assert answer.json["tag"] == "one"
    assert audited(resources, session_id, "notes.keep_unsaved") == 1
    assert [version["version"] for version in me("GET", f"{me.path}/versions").json] == [1]
    assert me("DELETE", path).status_code == 204
    assert me("DELETE", path).status_code == 204
    assert me("GET", path).status_code == 404
    assert audited(resources, session_id, "notes.discard_unsaved") == 1


def test_what_goes_on_in_two_places_is_not_replaced_unseen(me: Clinician) -> None:
    path = f"{me.path}/unsaved"

    def keep(text: str, **headers: str) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return me("PUT", path, json={"tag": "one", "fields": {"topic_summary": text}}, headers=named)

    first = keep("She came", If_None_Match="*")
    assert first.status_code == 200
    assert first.headers["ETag"] == me("GET", path).headers["ETag"]
    for refused in (keep("He came", If_None_Match="*"), keep("He came", If_Match='"older"')):
        assert (refused.status_code, refused.json["code"]) == (412, "outdated")
    assert me("GET", path).json["fields"] == {"topic_summary": "She came"}
    unclear = keep("He came", If_None_Match='"older"')
    assert (unclear.status_code, unclear.json["code"]) == (400, "precondition_invalid")
    second = keep("She came in late", If_Match=first.headers["ETag"])
    assert second.status_code == 200
    assert keep("He came", If_Match=first.headers["ETag"]).status_code == 412
    assert keep("He came", If_Match="*").status_code == 200
    assert keep("He came in").status_code == 200  # as callers of before


def test_others_neither_read_nor_change_it(me: Clinician, resources: Resources, session_id: UUID) -> None:
    path = f"{me.path}/unsaved"
    me("PUT", path, json=TYPED)
    other = clinician(resources, make_office(resources), session_id)
    for answer in (other("GET", path), other("PUT", path, json=TYPED), other("DELETE", path)):
        assert answer.json["code"] == "session_not_found"
    assert me("GET", path).json["fields"] == TYPED["fields"]
    (listed,) = me("GET", "/api/unsaved-edits").json
    assert listed["session_id"] == str(session_id)
    assert other("GET", "/api/unsaved-edits").json == []


def test_it_is_sealed_and_goes_with_what_is_off_the_record(
    me: Clinician, resources: Resources, session_id: UUID
) -> None:
    me("PUT", f"{me.path}/unsaved", json=TYPED)
    with everything(resources) as db:
        sealed = outputs.get(db, session_id, Product.UNSAVED_EDIT)
    assert sealed is not None
    assert b"CANARY" not in sealed.data
    ranges = {"ranges": [{"start": 0, "end": 5}]}
    answer = me("POST", f"/api/sessions/{session_id}/off-the-record", json=ranges)
    assert answer.status_code in (200, 202), answer.text
    with everything(resources) as db:
        assert outputs.get(db, session_id, Product.UNSAVED_EDIT) is None
