"""Every sealed value of a practice with everything in it opens as the list of sealed columns says."""

from collections.abc import Sequence

import pytest
from sqlalchemy import update

from shared.db.queries.people import second_factors
from shared.db.queries.work import outputs
from shared.db.queries.work.outputs import Product
from shared.db.tables.core import TherapySession
from shared.db.tables.sign_in import BrowserSession
from shared.domain.consent import ConsentEvent, ConsentScope
from shared.domain.rights import PackageForm, RequestKind, RequestStatus
from shared.services.alerts import risk_alerts
from shared.services.audit_trail import disclosures
from shared.services.consents import history as consents
from shared.services.consents.history import Statement
from shared.services.engines import practice_engines
from shared.services.operations import sealed_columns
from shared.services.operations.sealed_columns import SEALED_COLUMNS, StoredValue
from shared.services.resources import Resources
from shared.services.retention import receipts
from shared.services.rights import packages, requests
from shared.services.rights.packages import Lock
from shared.services.sessions import digests, references
from shared.services.sign_in import provider_sign_out, second_factor
from shared.services.transcripts import vocabulary
from shared.services.uploads import registration
from shared.services.webhooks import endpoints
from shared.vault.sealing import Subject
from tests import authz_matrix
from tests.authz_matrix import Place
from tests.integration.api_client import app_of


@pytest.fixture
def place(resources: Resources) -> Place:
    """A practice with a value in every sealed column."""
    place = authz_matrix.furnish(app_of(resources), resources)
    caller, patient = place.office.caller, place.office.patient_id
    risk_alerts.acknowledge(resources, caller, place.alert_id, "Called.")
    requests.decide(resources, caller, patient, place.request_id, RequestStatus.FULFILLED, "Sent.")
    limit = requests.create(resources, caller, patient, RequestKind.RESTRICTION, "Not to my insurer.").id
    requests.decide(resources, caller, patient, limit, RequestStatus.FULFILLED, None)
    disclosures.record(resources, caller, patient, disclosures.New("A court", "A letter", "legal"))
    said = Statement(ConsentEvent.GIVEN, tuple(ConsentScope), method="written", text="I agree.")
    consents.say(resources, caller, patient, said)
    practice_engines.change(resources, caller, {"vocabulary": ["Lamictal"]})
    vocabulary.change(resources, caller, ["Lamictal"])
    endpoints.rotate(resources, caller, place.webhook_id)
    receipts.key_of(resources, caller.practice_id)
    person = Subject(caller.practice_id, caller.therapist_id)
    with resources.database.transaction(caller.practice_id) as db:
        secret = resources.vault.seal(person, second_factor.KIND, "00")
        second_factors.offer_totp(db, person.practice_id, person.id, secret)
        token = resources.vault.seal(person, provider_sign_out.ID_TOKEN, "a.b.c")
        own = BrowserSession.therapist_id == person.id
        db.execute(update(BrowserSession).where(own).values(id_token=token))
    _add_what_comes_with_an_upload(resources, place)
    return place


def _add_what_comes_with_an_upload(resources: Resources, place: Place) -> None:
    session, seal = Subject(place.office.caller.practice_id, place.session_id), resources.vault.seal
    with resources.database.transaction(session.practice_id) as db:
        row = db.get_one(TherapySession, session.id)
        row.audio_digest = digests.seal(resources.vault, session, "0" * 64)
        row.external_id = references.sealed(resources.vault, session, "A-1")
        row.vocabulary = seal(session, registration.VOCABULARY, ["Lamictal"])
        ranges = seal(session, outputs.kind(Product.OFF_RECORD), [[1.0, 2.0]])
        outputs.put(db, session.practice_id, session.id, Product.OFF_RECORD, ranges)


def stored(resources: Resources, place: Place) -> Sequence[StoredValue]:
    practice_id = place.office.caller.practice_id
    with resources.database.transaction(practice_id) as db:
        return list(sealed_columns.stored(db, practice_id))


def test_each_value_opens_as_the_list_says(resources: Resources, place: Place) -> None:
    waits = Lock(PackageForm.ZIP, "x" * 20)  # its secret is kept until the file is made
    packages.request(resources, place.office.caller, place.office.patient_id, waits)
    found = stored(resources, place)
    for one in found:
        assert resources.vault.open(one.subject, one.kind, one.sealed) is not None, one.column.column
    missing = {str(one.column) for one in SEALED_COLUMNS} - {str(one.column.column) for one in found}
    assert not missing, "give the practice of this test a value in each column"
