"""Today: alerts to answer, failures to mend, drafts to sign, co-signatures, and what is under way."""

from flask import render_template

from shared.services.access import emergency, supervision
from shared.services.access.caller import Scope
from shared.services.accounts import api_keys
from shared.services.alerts import risk_alerts
from shared.services.notes import signing
from shared.services.sessions import overview
from shared.services.sign_in import browser_sessions
from shared.services.uploads import unfinished
from web.access import caller, resources, signed_in
from web.pages import Pages

blueprint = Pages("today", __name__)

MOST_ALERTS = 100


@blueprint.get("/today")
@signed_in(Scope.SESSIONS_READ, Scope.NOTES_READ)
def page() -> str:
    """What the caller has to do."""
    known, who = resources(), caller()
    alerts = risk_alerts.page(known, who, limit=MOST_ALERTS).items
    cut_off = unfinished.cut_off(known, who) if Scope.SESSIONS_WRITE in who.scopes else []
    unseen = emergency.unseen(known, who)
    patients = {
        *(alert.patient_id for alert in alerts),
        *(upload.patient_id for upload in cut_off),
        *(access.patient_id for access in unseen),
    }
    may_sign = Scope.NOTES_SIGN in who.scopes
    return render_template(
        "today.html",
        work=overview.work(known, who),
        alerts=alerts,
        cut_off=cut_off,
        emergencies=unseen,
        names=overview.names(known, who, patients),
        elsewhere=browser_sessions.begun_elsewhere(known, who),
        open_to_you=supervision.listed(known, who).open,
        awaiting=signing.awaiting(known, who) if may_sign else [],
        new_keys=[one.key for one in api_keys.acting_for(known, who) if one.is_new],
    )
