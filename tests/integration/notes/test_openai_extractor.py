"""The OpenAI extractor against a loopback server, through the real SDK and real HTTP."""

import copy
import json
import logging
import re
import traceback

import pytest
import structlog

from shared.domain.errors import PermanentStepError, RetryableStepError, StepError
from shared.domain.notes.fields import LIST_FIELDS
from shared.domain.values import ExtractionRequest, Segment, Transcript
from shared.schemas.notes import NotesSchema
from tests.fakes.openai_server import KEY, FakeOpenAI, Reply, completion, refusal
from tests.note_documents import checked, verify
from workers.engines.openai import client as openai_client
from workers.engines.openai.extractor import OpenAIExtractor
from workers.engines.rules import screen

REQUEST = ExtractionRequest()
SAID = "I keep lying awake thinking about the exam"
TRANSCRIPT = Transcript(
    segments=(
        Segment(31.0, 40.4, "How did you sleep this week?", "Speaker 1"),
        Segment(3601.0, 3605.0, f"Badly.\n{SAID}.", "Speaker 2"),
    ),
    duration_seconds=3610.0,
    language="en",
    engine="test",
    draft=False,
)
EVIDENCE = [{"segment": 1, "quote": SAID}]
SENTENCE = {"sentence": "One speaker lies awake thinking about an exam.", "evidence": EVIDENCE}
WRITTEN = {
    "key_topics": [{"text": "Sleep", "evidence": EVIDENCE}],
    "strategies": [],
    "emotional_themes": [],
    "triggers": [{"trigger": "The exam", "context": "Lying awake", "severity": "mild", "evidence": EVIDENCE}],
    "action_items": [],
    "significant_quotes": [{"quote": SAID, "context": "On sleep", "evidence": EVIDENCE}],
    "session_mood": "low",
    "mood_trajectory": "stable",
    "follow_up_topics": [],
    "unresolved_concerns": [],
    "risk_flags": [
        {
            "type": "other", "severity": "low", "negated": False, "asked_by_therapist": False,
            "temporality": "present", "about": "self", "figurative": False, "evidence": EVIDENCE,
        }
    ],
    "field_evidence": {
        "topic_summary": [SENTENCE],
        "session_mood": [SENTENCE],
        "mood_trajectory": [],
        "therapist_notes": [SENTENCE, SENTENCE],
    },
}  # fmt: skip
WRITTEN |= {name: [] for name in LIST_FIELDS if name not in WRITTEN}
GOOD = json.dumps(WRITTEN)


def without(name):
    return json.dumps({key: value for key, value in WRITTEN.items() if key != name})


@pytest.fixture
def server():
    with FakeOpenAI() as fake:
        yield fake


@pytest.fixture
def engine(server):
    made = OpenAIExtractor(KEY, server.base_url, "note-writer")
    yield made
    made.close()


def test_a_document_of_the_schema_comes_back(server, engine):
    server.will(completion(GOOD))
    notes = engine.extract(TRANSCRIPT, REQUEST)
    assert NotesSchema().validate(notes) == {}
    assert notes["engine"] == engine.name


def test_its_evidence_stands_when_it_is_verified(server, engine):
    server.will(completion(GOOD))
    notes = verify(engine.extract(TRANSCRIPT, REQUEST), TRANSCRIPT)
    assert notes["unsupported"] == []
    assert notes["key_topics"][0]["verified"] is True
    assert notes["patient_summary"] == ""


def test_texts_are_put_together_from_their_sentences(server, engine):
    server.will(completion(GOOD))
    notes = engine.extract(TRANSCRIPT, REQUEST)
    assert notes["therapist_notes"] == f"{SENTENCE['sentence']} {SENTENCE['sentence']}"


def test_times_and_labels_come_from_the_transcript(server, engine):
    server.will(completion(GOOD))
    notes = engine.extract(TRANSCRIPT, REQUEST)
    assert notes["significant_quotes"][0]["timestamp_start"] == 3601.0
    assert notes["risk_flags"][0]["speaker"] == "Speaker 2"
    assert notes["risk_flags"][0]["evidence"] == [{**EVIDENCE[0], "start": 3601.0, "end": 3605.0}]


def flag(segment, quote, **given):
    standing = {"negated": False, "asked_by_therapist": False, "temporality": "present", "about": "self"}
    said = {"type": "suicidal_ideation", "severity": "high", "figurative": False, **standing, **given}
    return {**said, "evidence": [{"segment": segment, "quote": quote}]}


def checked_notes(engine):
    return checked(engine.extract(TRANSCRIPT, REQUEST), TRANSCRIPT, screen(TRANSCRIPT))


def test_risk_is_asked_for_in_a_call_of_its_own_and_united_with_what_others_found(server, engine):
    server.will(completion(GOOD), completion(GOOD))
    before = checked_notes(engine)["risk_flags"]
    quote = EVIDENCE[0]["quote"]
    told = [flag(1, quote), flag(1, "never said at all")]
    server.will_on_risk(completion(json.dumps({"risk_flags": told})))
    notes = checked_notes(engine)
    (asked,) = server.risk_received[1:]
    schema = asked.document["response_format"]["json_schema"]["schema"]
    assert list(schema["properties"]) == ["risk_flags"]
    assert quote in asked.document["messages"][1]["content"]
    (found,) = [one for one in notes["risk_flags"] if one["type"] == "suicidal_ideation"]
    assert (found["severity"], found["readers"], found["verified"]) == ("high", ["language model"], True)
    assert {one["type"] for one in before} <= {one["type"] for one in notes["risk_flags"]}
    apart = [one for one in notes["unsupported"] if one["field"] == "risk_flags"]
    assert [one["item"]["evidence"][0]["quote"] for one in apart] == ["never said at all"]
    assert notes["provenance"]["calls"] == 2  # the notes, and the risk
    assert "risk_language_model_did_not_run" not in {one["code"] for one in notes["review_reasons"]}


def test_the_answer_about_risk_softens_nothing_that_the_notes_say(server, engine):
    grave = {**WRITTEN, "risk_flags": [flag(1, EVIDENCE[0]["quote"])]}
    server.will(completion(json.dumps(grave)))
    milder = flag(1, EVIDENCE[0]["quote"], severity="low", negated=True, temporality="past", about="other")
    server.will_on_risk(completion(json.dumps({"risk_flags": [milder]})))
    found = [one for one in checked_notes(engine)["risk_flags"] if one["type"] == "suicidal_ideation"]
    assert [(one["severity"], one["negated"], one["temporality"], one["about"]) for one in found] == [
        ("high", False, "present", "self")
    ]


@pytest.mark.parametrize("answer", [Reply("", 500), completion("I cannot"), completion("", refusal="no")])
def test_notes_come_without_the_answer_about_risk_and_say_that_this_reader_did_not_run(
    server, engine, answer
):
    server.will(completion(GOOD))
    server.will_on_risk(answer)
    notes = checked_notes(engine)
    assert notes["risk_flags"]
    assert "language model" not in notes["risk_readers"]
    assert "risk_language_model_did_not_run" in {one["code"] for one in notes["review_reasons"]}


def test_a_segment_that_does_not_exist_is_left_to_the_verification(server, engine):
    wrong = copy.deepcopy(WRITTEN)
    wrong["significant_quotes"][0]["evidence"] = [{"segment": 99, "quote": "never said at all"}]
    server.will(completion(json.dumps(wrong)))
    notes = verify(engine.extract(TRANSCRIPT, REQUEST), TRANSCRIPT)
    assert notes["significant_quotes"] == []
    assert notes["unsupported"][0]["field"] == "significant_quotes"


def test_the_model_cannot_call_its_own_evidence_verified(server, engine):
    bold = copy.deepcopy(WRITTEN)
    bold["key_topics"][0]["verified"] = True
    bold |= {"engine": "me", "draft": False, "unsupported": "nothing"}
    server.will(completion(json.dumps(bold)))
    notes = engine.extract(TRANSCRIPT, REQUEST)
    assert (notes["key_topics"][0]["verified"], notes["draft"], notes["engine"]) == (False, True, engine.name)


def test_the_request_is_strict_and_neither_stored_nor_given_tools(server, engine):
    server.will(completion(GOOD))
    engine.extract(TRANSCRIPT, REQUEST)
    sent = server.received[0].document
    assert set(sent) == {"model", "messages", "response_format", "store"}
    assert (sent["model"], sent["store"]) == ("note-writer", False)
    assert sent["response_format"]["json_schema"]["strict"] is True


def test_the_transcript_is_numbered_and_on_one_line_for_each_segment(server, engine):
    server.will(completion(GOOD))
    engine.extract(TRANSCRIPT, REQUEST)
    asked = server.received[0].document["messages"][1]["content"]
    assert (
        "\n[0] Speaker 1 00:31–00:40: How did you sleep this week?\n[1] Speaker 2 1:00:01–1:00:05: Badly. "
        in asked
    )


def test_the_mark_around_the_transcript_is_another_one_each_time(server, engine):
    server.will(completion(GOOD), completion(GOOD))
    marks = set()
    for n in range(2):
        engine.extract(TRANSCRIPT, REQUEST)
        asked = server.received[n].document["messages"][1]["content"]
        mark, inside = re.search(r"\n<(transcript-[0-9a-f]{16})>\n(.*)\n</\1>\n", asked, re.DOTALL).groups()
        assert SAID in inside
        marks.add(mark)
    assert len(marks) == 2


def test_the_name_holds_the_model_and_the_prompts_digest(engine):
    assert re.fullmatch(r"openai:note-writer:prompt-[0-9a-f]{8}", engine.name)


def test_the_prompt_says_which_version_it_is(server, engine):
    server.will(completion(GOOD))
    engine.extract(TRANSCRIPT, REQUEST)
    assert server.received[0].document["messages"][0]["content"].startswith("Version: 3\n")


@pytest.mark.parametrize("words", ["", "  "])
def test_a_transcript_without_words_is_sent_to_nobody(server, engine, words):
    silent = Transcript((Segment(0.0, 1.0, words, "Speaker 1"),), 1.0, "en", "test", False)
    notes = verify(engine.extract(silent, REQUEST), silent)
    assert server.received == []
    assert NotesSchema().validate(notes) == {}
    assert notes["therapist_notes"].startswith("No speech was found")


@pytest.mark.parametrize(
    "content",
    [
        f"```json\n{GOOD}\n```",
        f"```\n{GOOD}```",
        f"<think>Shall I {{ or not?</think>\n{GOOD}",
        f"Here are the notes: {GOOD} I hope that helps.",
        f"Shall I {{ or not?</think>\n\n{GOOD}",
        f'A draft: {{"key_topics": []}} is too short.</think>{GOOD}',
        f"<think>Thoughts</think>\n```json\n{GOOD}\n```\nThat is {{all}}.",
        f"\ufeff{GOOD}",
        [{"type": "thinking", "thinking": "{}"}, {"type": "text", "text": GOOD}],
        [{"type": "text", "text": GOOD[:40]}, {"type": "text", "text": GOOD[40:]}],
        GOOD[:-1] + ",}",
        GOOD.replace("]", ",]"),
    ],
    ids=[
        "fence",
        "bare fence",
        "thoughts",
        "chatter",
        "thoughts without their beginning",
        "a draft in the thoughts",
        "thoughts and a fence",
        "BOM",
        "parts with thoughts",
        "parts",
        "a comma too many",
        "many commas too many",
    ],
)
def test_what_stands_around_the_object_is_removed(server, engine, content):
    server.will(completion(content))
    assert engine.extract(TRANSCRIPT, REQUEST)["session_mood"] == "low"
    assert len(server.received) == 1


@pytest.mark.parametrize("place", ["reasoning_content", "reasoning"])
@pytest.mark.parametrize("content", [None, "", "I have written the notes."])
def test_notes_that_a_server_takes_for_thoughts_are_found(server, engine, place, content):
    reply = completion(content)
    reply.body["choices"][0]["message"][place] = f"The client is tired. {GOOD}"
    server.will(reply)
    assert engine.extract(TRANSCRIPT, REQUEST)["session_mood"] == "low"
    assert len(server.received) == 1


def test_slips_that_leave_no_doubt_are_mended(server, engine):
    slips = copy.deepcopy(WRITTEN)
    slips["session_mood"] = " Low"
    slips["triggers"][0]["severity"] = "Mild"
    slips["risk_flags"][0] |= {"negated": "false", "asked_by_therapist": "True"}
    slips["key_topics"][0]["evidence"] = [{"segment": "1", "quote": SAID}]
    slips["strategies"] = []
    server.will(completion(json.dumps(slips)))
    notes = engine.extract(TRANSCRIPT, REQUEST)
    assert (notes["session_mood"], notes["triggers"][0]["severity"]) == ("low", "mild")
    assert (notes["risk_flags"][0]["negated"], notes["risk_flags"][0]["asked_by_therapist"]) == (False, True)
    assert notes["key_topics"][0]["evidence"][0]["segment"] == 1
    assert len(server.received) == 1


@pytest.mark.parametrize(
    ("bad", "complaint"),
    [
        ("no object", "not one JSON object"),
        ("[]", "Invalid input type"),
        (without("triggers"), "triggers"),
        (GOOD.replace('"low"', '"awful"', 1), "session_mood"),
        ('{"key_topics": ' + "[" * 900 + "]" * 900 + "}", ""),
    ],
)
def test_an_answer_that_does_not_fit_is_sent_back_once(server, engine, bad, complaint):
    server.will(completion(bad), completion(GOOD))
    assert engine.extract(TRANSCRIPT, REQUEST)["session_mood"] == "low"
    *_, answered, repair = server.received[1].document["messages"]
    assert answered["role"] == "assistant"
    assert complaint in repair["content"]


@pytest.mark.parametrize("status", [400, 422])
def test_a_server_without_schemas_is_asked_for_any_object_from_then_on(server, engine, status):
    server.will(refusal(status, None, "response_format"), completion(GOOD), completion(GOOD))
    engine.extract(TRANSCRIPT, REQUEST)
    engine.extract(TRANSCRIPT, REQUEST)
    kinds = [request.document["response_format"]["type"] for request in server.received]
    assert kinds == ["json_schema", "json_object", "json_object"]
    fallback = server.received[1].document
    assert set(fallback) == {"model", "messages", "response_format"}
    assert "additionalProperties" in fallback["messages"][1]["content"]


def test_a_server_without_any_response_format_is_asked_in_words_from_then_on(server, engine):
    server.will(refusal(400), refusal(422), completion(GOOD), completion(GOOD))
    engine.extract(TRANSCRIPT, REQUEST)
    engine.extract(TRANSCRIPT, REQUEST)
    assert ["response_format" in request.document for request in server.received] == [
        True,
        True,
        False,
        False,
    ]
    assert "additionalProperties" in server.received[2].document["messages"][1]["content"]


def test_a_server_that_breaks_on_a_schema_is_asked_without_from_then_on(server, engine):
    server.will(refusal(500), completion(GOOD), completion(GOOD))
    engine.extract(TRANSCRIPT, REQUEST)
    engine.extract(TRANSCRIPT, REQUEST)
    kinds = [request.document["response_format"]["type"] for request in server.received]
    assert kinds == ["json_schema", "json_object", "json_object"]


def test_a_server_that_breaks_on_everything_is_out_of_order(server, engine):
    server.will(refusal(500), refusal(500), refusal(500), completion(GOOD))
    with pytest.raises(RetryableStepError) as caught:
        engine.extract(TRANSCRIPT, REQUEST)
    engine.extract(TRANSCRIPT, REQUEST)
    assert caught.value.code == "engine_unavailable"
    assert server.received[-1].document["response_format"]["type"] == "json_schema"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        pytest.param(
            400,
            {"object": "error", "message": "This model's maximum context length is 4096 tokens. However, you "
             "requested 9000 tokens in the messages. Please reduce the length of the messages.", "code": 400},
            id="vLLM",
        ),
        pytest.param(
            400,
            {"object": "error", "message": "The decoder prompt (length 9000) is longer than the maximum "
             "model length of 4096.", "code": 400},
            id="vLLM, newer",
        ),
        pytest.param(
            400,
            {"error": {"code": 400, "message": "the request exceeds the available context size, try "
             "increasing it", "type": "exceed_context_size_error", "n_prompt_tokens": 9000, "n_ctx": 4096}},
            id="llama.cpp",
        ),
        pytest.param(
            500,
            {"error": {"code": 500, "message": "input is too large to process. increase the physical batch "
             "size", "type": "server_error"}},
            id="llama.cpp, older",
        ),
        pytest.param(
            400,
            {"object": "error", "message": "Prompt contains 40000 tokens and 0 draft tokens, too large for "
             "model with 32768 maximum context length", "type": "invalid_request_error", "code": "3051"},
            id="Mistral",
        ),
        pytest.param(
            422,
            {"error": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. "
             "Given: 9000",
             "error_type": "validation"},
            id="text-generation-inference",
        ),
        pytest.param(
            400,
            {"object": "error", "message": "The input (9000 tokens) is longer than the model's context "
             "length (4096 tokens)."},
            id="SGLang",
        ),
    ],
)  # fmt: skip
def test_too_long_is_understood_in_the_words_of_other_servers(server, engine, status, body):
    server.will_always(lambda _: Reply(body, status))
    with pytest.raises(PermanentStepError) as caught:
        engine.extract(TRANSCRIPT, REQUEST)
    assert caught.value.code == "engine_input_too_large"


def test_words_that_a_refusal_repeats_are_not_taken_for_its_reason(server, engine):
    said = f"{SAID}. The night was too long. " * 40
    server.will(*[Reply({"detail": [{"loc": ["body", "response_format"], "input": said}]}, 422)] * 2)
    server.will(completion(GOOD))
    assert engine.extract(TRANSCRIPT, REQUEST)["session_mood"] == "low"


def test_a_refusal_for_another_reason_does_not_end_the_use_of_schemas(server, engine):
    server.will(refusal(400), refusal(400), refusal(400), completion(GOOD))
    with pytest.raises(PermanentStepError):
        engine.extract(TRANSCRIPT, REQUEST)
    engine.extract(TRANSCRIPT, REQUEST)
    assert server.received[-1].document["response_format"]["type"] == "json_schema"


def test_openai_itself_is_not_asked_again_without_a_schema(monkeypatch):
    with FakeOpenAI(official=True) as fake:
        monkeypatch.setattr(openai_client, "OFFICIAL_BASE_URL", fake.base_url)
        fake.will(refusal(400))
        engine = OpenAIExtractor(KEY, None, "note-writer")
        with pytest.raises(PermanentStepError):
            engine.extract(TRANSCRIPT, REQUEST)
        engine.close()
        assert len(fake.received) == 1


@pytest.mark.parametrize(
    ("replies", "kind", "code"),
    [
        ([completion(SAID), completion(SAID)], PermanentStepError, "engine_invalid_notes"),
        ([completion(GOOD.replace('"low"', f'"{SAID}"')) ] * 2, PermanentStepError, "engine_invalid_notes"),
        ([completion(f'{{"{SAID}', "length")], PermanentStepError, "engine_answer_truncated"),
        ([completion(None, refusal=SAID)], PermanentStepError, "engine_refused_content"),
        ([completion(SAID, "content_filter")], PermanentStepError, "engine_content_filtered"),
        ([refusal(400, "content_filter", SAID)], PermanentStepError, "engine_content_filtered"),
        ([refusal(400, "context_length_exceeded", SAID)], PermanentStepError, "engine_input_too_large"),
        ([refusal(404, "model_not_found", SAID)], PermanentStepError, "engine_model_not_found"),
        ([refusal(429, "insufficient_quota", SAID)], PermanentStepError, "engine_quota_exhausted"),
        ([Reply(f"<html>{SAID}", media_type="text/html")], PermanentStepError, "engine_not_an_api"),
        ([completion(None)], RetryableStepError, "engine_bad_answer"),
        ([Reply({"choices": []})], RetryableStepError, "engine_bad_answer"),
        ([Reply({"choices": [SAID]})], RetryableStepError, "engine_bad_answer"),
        ([Reply({"error": SAID})], RetryableStepError, "engine_bad_answer"),
        ([Reply(f'{{"{SAID}')], RetryableStepError, "engine_bad_answer"),
        ([Reply("null")], RetryableStepError, "engine_bad_answer"),
        ([completion(SAID), refusal(500, None, SAID)], RetryableStepError, "engine_unavailable"),
        ([Reply(fault="hang_up")], RetryableStepError, "engine_unreachable"),
    ],
)  # fmt: skip
def test_an_error_is_told_in_our_words(server, engine, caplog, replies, kind, code):
    caplog.set_level(logging.DEBUG)
    server.will(*replies)
    with structlog.testing.capture_logs() as logs, pytest.raises(StepError) as caught:
        engine.extract(TRANSCRIPT, REQUEST)
    assert (type(caught.value), caught.value.code) == (kind, code)
    assert len(server.received) == len(replies)
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + caplog.text + repr(logs)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert not any(secret in told for secret in (SAID, KEY))


def test_all_calls_for_one_document_share_one_time_limit(server):
    server.will(completion("no object"), Reply(fault="hang"))
    engine = OpenAIExtractor(KEY, server.base_url, "note-writer", seconds=0.6)
    with pytest.raises(RetryableStepError) as caught:
        engine.extract(TRANSCRIPT, REQUEST)
    engine.close()
    assert caught.value.code == "engine_timeout"
