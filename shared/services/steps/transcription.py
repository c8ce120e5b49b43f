"""Transcription: decode, plan, share out the chunks, unite them.

The step is claimed twice. The first run decodes the recording, finds speech and speakers and
makes a row for every chunk; the step is then ``fanned_out`` and has no lease. The chunk that
completes the set makes it ready again, and the second run unites the chunks.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy.orm import Session as DbSession

from shared.db.queries import practice_engines
from shared.db.queries.records import further_recordings, quotas, sessions
from shared.db.queries.work import outputs, steps
from shared.db.queries.work.outputs import Product
from shared.db.queries.work.step_claims import Lease
from shared.db.tables.uploads import FurtherRecording
from shared.domain import failpoints
from shared.domain.errors import NotFound, PermanentStepError
from shared.domain.status import StepState
from shared.domain.transcripts import continuing
from shared.domain.transcripts.assembly import assemble
from shared.domain.transcripts.off_record import told
from shared.domain.transcripts.quality import recording_facts
from shared.domain.transcripts.serialization import heard_from_json, plan_to_json, transcript_to_json
from shared.domain.transcripts.usage import total_usage
from shared.domain.values import DecodedFacts, JsonObject, SpeechPlan, Transcript, Usage
from shared.pipeline import EXTRACT_NOTES, TRANSCRIBE, TRANSCRIBE_CHUNK
from shared.services.alerts import risk_alerts
from shared.services.engines import engine_choice, usage_metrics
from shared.services.jobs import leases
from shared.services.jobs.handoff import Along
from shared.services.jobs.heartbeat import Heartbeat
from shared.services.jobs.worker_context import Workbench
from shared.services.lifecycle import cancellation
from shared.services.steps.speech_plan import Material, WatchedPcm, forget_speech, material, speech
from shared.services.steps.waveform import waveform_of
from shared.services.transcripts import waveform
from shared.storage.recordings import RECORDING, SPEECH
from shared.vault.sealing import Sealed, Subject, Vault

# Where nothing was said, nothing was asked.
NO_ENGINE = "none"


@dataclass
class _Run:
    """One phase of the step: whose it is, whether it was the last, and what it takes along."""

    along: Along | None
    session: Subject | None = None
    united: bool = False


def transcribe(bench: Workbench, session_id: UUID, lease: Lease | None = None) -> bool | Lease:
    """Run the step's next phase, if it can be claimed (or is, by ``lease``).

    True once the transcript is there; after the first phase under ``lease``, that of the first chunk.
    """
    run = _Run(Along.at(bench) if lease is not None else None)

    def work(lease: Lease, heartbeat: Heartbeat) -> None:
        run.session = lease.subject
        with bench.resources.database.transaction(lease.practice_id) as db:
            found = material(db, bench.resources.vault, lease, chunks=True)
            if found.plan is None:
                engine = engine_choice.for_session(bench.resources, db, found.row)
                further = further_recordings.of_sessions(db, [lease.session_id]).get(lease.session_id, [])
        if found.plan is None:
            _fan_out(bench, lease, heartbeat, found, engine, further, run.along)
        else:
            _unite(bench, lease, found, found.plan[0])
            run.united = True

    ended = leases.run(bench, session_id, TRANSCRIBE, work, lease, run.along)
    if ended and run.united and run.session is not None:
        forget_speech(bench, run.session)
        return True
    if not ended and run.session is not None:
        # A cancellation meanwhile looked into the store before the speech was there.
        cancellation.discard_decoded_if_over(bench.resources, run.session)
    if ended:
        return (run.along and run.along.lease) or False
    return leases.is_done(bench, session_id, TRANSCRIBE)


def _fan_out(
    bench: Workbench,
    lease: Lease,
    heartbeat: Heartbeat,
    found: Material,
    engine: str,
    further: Sequence[FurtherRecording],
    along: Along | None,
) -> None:
    resources = bench.resources
    session = lease.subject
    plan, drawn, channels = _planned(bench, session, heartbeat, found, engine, further)
    body = {"plan": plan_to_json(plan), "channels": channels}
    sealed = resources.vault.seal(session, outputs.kind(Product.PLAN), body)

    def save(db: DbSession) -> None:
        outputs.put(db, session.practice_id, session.id, Product.PLAN, sealed)
        outputs.replace(db, session.practice_id, session.id, Product.WAVEFORM, drawn)
        steps.insert_chunks(db, lease, [chunk.speech_seconds for chunk in plan.chunks])
        sessions.set_duration(db, session.id, round(plan.duration_seconds, 3))
        quotas.settle(db, session.id, plan.duration_seconds)
        sessions.dispatch_in(db, session.id, resources.settings.redispatch_seconds)
        if not plan.chunks:  # nothing was said: the second run unites nothing
            steps.make_ready(db, session.id, TRANSCRIBE, from_state=StepState.FANNED_OUT)
        elif along is not None:
            along.take(TRANSCRIBE_CHUNK, lease)

    leases.finish(resources.database, lease, save, state=StepState.FANNED_OUT, along=along)
    taken = along is not None and along.lease is not None
    if plan.chunks:
        resources.queue.publish_chunks(session.id, len(plan.chunks) - taken)
    else:
        resources.queue.publish(session.id, TRANSCRIBE)


def _planned(
    bench: Workbench,
    session: Subject,
    heartbeat: Heartbeat,
    found: Material,
    engine: str,
    further: Sequence[FurtherRecording],
) -> tuple[SpeechPlan, Sealed, int]:
    """What is to be transcribed, the sealed waveform, and the number of decoded channels."""
    decoded = _decode(bench, session, heartbeat)
    with speech(bench, session, decoded.channels, found.off_record) as pcm:
        watched = WatchedPcm(pcm, lambda: heartbeat.report(0.0))
        plan = bench.analyser.analyse(
            watched, found.row.speakers, bench.transcriber(engine).capabilities.chunk_seconds
        )
        drawn = waveform.sealed(bench.resources.vault, session, waveform_of(watched))
    plan = replace(plan, quality={**plan.quality, **_recorded(found, further, decoded)})
    if found.before is not None:
        plan = continuing.beyond(plan, found.before)
    return plan, drawn, decoded.channels


def _recorded(found: Material, further: Sequence[FurtherRecording], decoded: DecodedFacts) -> JsonObject:
    """What the quality report says of the recordings: their damage, and where further ones begin."""
    first = found.row.damage or recording_facts(decoded)  # a rewritten one does not show its own
    if not further:
        return first
    new = [one.facts or {} for one in further if one.transcribed_at is None]
    before = [found.before.quality if found.before else first]
    begins = [{"begins_at": round(one.begins_at, 3)} for one in further if one.begins_at is not None]
    return {**continuing.damage_of(*before, *new), continuing.FURTHER: begins}


def _decode(bench: Workbench, session: Subject, heartbeat: Heartbeat) -> DecodedFacts:
    recordings = bench.resources.recordings
    try:
        with recordings.open(session, RECORDING) as source, recordings.create(session, SPEECH) as write:

            def keep(block: bytes) -> None:
                heartbeat.report(0.0)  # stops the decoding when the session is cancelled
                write(block)
                failpoints.reach("decoding", session.id)

            return bench.resources.decoder.decode(source, keep)
    except NotFound as error:
        raise PermanentStepError(
            "The stored recording is gone. Restore the recordings from a backup, then retry the session.",
            "recording_gone",
        ) from error


def _unite(bench: Workbench, lease: Lease, found: Material, plan: SpeechPlan) -> None:
    if found.off_record:
        plan = replace(plan, quality={**plan.quality, "off_the_record": told(found.off_record)})
    transcript = _assembled(bench.resources.vault, lease.subject, found, plan)
    usage = transcript.usage
    if found.before is not None:
        transcript = continuing.continued(found.before, transcript, plan)
    continues = found.before is not None or continuing.FURTHER in transcript.quality
    _publish_transcript(bench, lease, transcript, usage, continues=continues)


def _assembled(vault: Vault, session: Subject, found: Material, plan: SpeechPlan) -> Transcript:
    """The transcript of what ``plan`` covers, from the chunks that were heard."""
    chunks = [
        (part, heard_from_json(vault.open(session, outputs.kind(Product.CHUNK, part), body)))
        for part, body in found.chunks.items()
    ]
    phrases = [(plan.chunks[part - 1].channel, phrase) for part, heard in chunks for phrase in heard.phrases]
    usage = total_usage(heard.usage for _, heard in chunks)
    transcript = assemble(
        plan,
        phrases,
        language=found.row.language or "en",
        engine=" and ".join(one.engine for one in usage) or NO_ENGINE,
        draft=any(heard.draft for _, heard in chunks),
    )
    return replace(transcript, usage=usage)


def _publish_transcript(
    bench: Workbench, lease: Lease, transcript: Transcript, usage: tuple[Usage, ...], *, continues: bool
) -> None:
    resources = bench.resources
    session = lease.subject
    sealed = resources.vault.seal(session, outputs.kind(Product.TRANSCRIPT), transcript_to_json(transcript))
    flags = bench.screen_risk(transcript).flags
    if continues:  # what was told of the recordings before is not told again
        flags = risk_alerts.unalerted(resources, session, flags)
    alert = risk_alerts.alert_for(resources, session, flags)

    def save(db: DbSession) -> None:
        if continues:
            outputs.discard(db, session.id, Product.TRANSCRIPT)
            further_recordings.note_transcribed(db, session.id)
        outputs.put(db, session.practice_id, session.id, Product.TRANSCRIPT, sealed)
        outputs.discard(db, session.id, Product.CHUNK, Product.PLAN)
        risk_alerts.raise_alert(db, session, alert)
        practice_engines.note_usage(db, session.practice_id, session.id, usage)
        steps.make_ready(db, session.id, EXTRACT_NOTES, from_state=StepState.WAITING)
        sessions.dispatch_in(db, session.id, sessions.HINT_GRACE_SECONDS)
        usage_metrics.count_transcript(db, session.id, usage)

    leases.finish(resources.database, lease, save)
