"""Codes with which the work on a session can end: what each means, and what to do about it.

``docs/codes.md`` is made from them (``python -m shared.services.jobs.error_policy``).
"""

_RETRY = "Then `sessionscribe retry ID`."
_OUTAGE = "Bring it back: the work goes on by itself, for a day."
_UPLOAD = "The recording itself is at fault: delete the session, mend the file, upload it again."
_SETTING = f"Mend the setting that the sentence names, restart the workers. {_RETRY}"

# Something else is away: the session waits for it, for a day.
OUTAGES = {
    "database_unavailable": (
        "Postgres is away, or too busy.",
        _OUTAGE,
    ),
    "decoder_unavailable": (
        "The media sandbox does not start, or has been busy for a minute.",
        f"{_OUTAGE} See the worker's log.",
    ),
    "disk_full": (
        "There is no room for what a recording is decoded to.",
        "Make room: the work goes on by itself, for a day.",
    ),
    "engine_busy": (
        "As many calls as are allowed are under way.",
        "Nothing; more are set by `SESSIONSCRIBE_OPENAI_MAX_CALLS`.",
    ),
    "engine_rate_limited": (
        "The engine's server wants fewer calls.",
        "Nothing; lower `SESSIONSCRIBE_OPENAI_MAX_CALLS` if it is frequent.",
    ),
    "engine_unavailable": (
        "The engine's server is out of order.",
        _OUTAGE,
    ),
    "engine_unreachable": (
        "The engine's server cannot be reached.",
        f"{_OUTAGE} Check OPENAI_BASE_URL.",
    ),
    "keys_unavailable": (
        "The key store cannot be read or written.",
        _OUTAGE,
    ),
    "storage_unavailable": (
        "The recordings cannot be read or written.",
        _OUTAGE,
    ),
}
# The next attempt may go well; these used up all of them.
RETRYABLE = {
    "decoder_died": (
        "The decoder was killed, mostly for want of memory.",
        f"Give the worker more memory. {_RETRY}",
    ),
    "engine_bad_answer": (
        "The engine's answer was not what it should be, each time.",
        f"Look at the server's health; choose another model. {_RETRY}",
    ),
    "engine_failed": (
        "The engine stopped while it worked, each time.",
        f"Look at the machine's memory. {_RETRY}",
    ),
    "engine_timeout": (
        "The engine took too long, each time.",
        f"Look at the server's load. {_RETRY}",
    ),
    "notes_malformed": (
        "The engine's notes were not in the agreed form, each time.",
        f"Choose another model. {_RETRY}",
    ),
    "unexpected_error": (
        "A bug: an unexpected error, at each attempt.",
        f"Report the `step_broke` lines of the worker's log. {_RETRY}",
    ),
    "worker_lost": (
        "The step ended its worker, or outlived its time, as often as it was tried.",
        f"Look at the worker's memory (`sessionscribe history ID` says which). {_RETRY}",
    ),
}
# No attempt gets over these.
PERMANENT = {
    "ai_notes_not_consented": (
        "A participant does not consent to notes that a program drafts. The transcript stays.",
        f"Write the notes yourself, or record the consent. {_RETRY}",
    ),
    "codec_not_supported": (
        "The recording's encoding is not accepted.",
        _UPLOAD,
    ),
    "consent_expired": (
        "The consent to be recorded has expired.",
        f"If the patient consents again, record that. {_RETRY}",
    ),
    "consent_revoked": (
        "The consent to be recorded was withdrawn.",
        f"If the patient consents again, record that. {_RETRY}",
    ),
    "decoding_timed_out": (
        "Reading the recording takes far more work than it may.",
        _UPLOAD,
    ),
    "draft_gone": (
        "The draft of the notes is missing.",
        "`sessionscribe extract-notes ID`.",
    ),
    "encrypted": (
        "The sound in the recording is encrypted.",
        _UPLOAD,
    ),
    "engine_access_denied": (
        "The API key may not use the model.",
        _SETTING,
    ),
    "engine_answer_truncated": (
        "The model ran out of room for its answer.",
        f"Choose a model with a longer output. {_RETRY}",
    ),
    "engine_content_filtered": (
        "The server's content filter stopped the request.",
        f"Choose another model or server. {_RETRY}",
    ),
    "engine_input_too_large": (
        "The request is too large for the model.",
        f"Choose a model with a longer input. {_RETRY}",
    ),
    "engine_invalid_notes": (
        "The model does not keep to the notes' form.",
        f"Choose another model. {_RETRY}",
    ),
    "engine_language_unsupported": (
        "The model does not know the language.",
        _SETTING,
    ),
    "engine_model_not_found": (
        "The server does not know the model.",
        _SETTING,
    ),
    "engine_model_missing": (
        "The speech model is not on this machine.",
        f"`sessionscribe models fetch NAME`. {_RETRY}",
    ),
    "engine_model_unusable": (
        "The model's files cannot be loaded.",
        _SETTING,
    ),
    "engine_not_an_api": (
        "The server's answers are web pages.",
        _SETTING,
    ),
    "deidentification_not_possible": (
        "Names cannot be found in a transcript that is not in English or has no capital letters.",
        "Nothing was sent. Set `SESSIONSCRIBE_DEIDENTIFY=no` or `SESSIONSCRIBE_EXTRACTOR=rules`, "
        f"restart the workers. {_RETRY}",
    ),
    "engine_not_installed": (
        "There is no speech engine on this machine.",
        "`make up` installs it where there are wheels for it; else set `SESSIONSCRIBE_TRANSCRIBER`. "
        f"{_RETRY}",
    ),
    "engine_quota_exhausted": (
        "The account has no quota left.",
        f"Look at its billing. {_RETRY}",
    ),
    "engine_redirected": (
        "The server is elsewhere.",
        _SETTING,
    ),
    "engine_refused_content": (
        "The model refuses to write about this.",
        f"Choose another model. {_RETRY}",
    ),
    "engine_refused_credentials": (
        "The API key is refused.",
        _SETTING,
    ),
    "engine_refused_request": (
        "The server refuses the request.",
        _SETTING,
    ),
    "engine_window_too_small": (
        "Beside the template, the model's window leaves no room for a transcript.",
        _SETTING,
    ),
    "language_not_supported": (
        "The engine does not know the language.",
        _SETTING,
    ),
    "no_audio_stream": (
        "The recording is a video without sound.",
        _UPLOAD,
    ),
    "no_consent": (
        "There is no consent to be recorded on file.",
        f"Record the consent. {_RETRY}",
    ),
    "not_audio": (
        "The file is not an audio or video recording.",
        _UPLOAD,
    ),
    "part2_not_consented": (
        "A participant does not consent to disclosing records of substance use disorder treatment.",
        f"Choose an engine on this server, or record the consent. {_RETRY}",
    ),
    "record_unreadable": (
        "A key or a stored object is missing or damaged.",
        f"Restore the key store or the recordings from a backup. {_RETRY}",
    ),
    "recording_gone": (
        "The stored recording is missing.",
        f"Restore the recordings from a backup. {_RETRY}",
    ),
    "recording_too_long": (
        "The recording is longer than the limit.",
        "Raise `SESSIONSCRIBE_MAX_RECORDING_SECONDS` and retry, or have it cut into parts.",
    ),
    "recordings_may_not_leave": (
        "The engine sends what was said to computers of others, and the practice has not allowed that.",
        f"`sessionscribe engines set --allow-away`, or choose another engine. {_RETRY}",
    ),
    "sample_rate_out_of_range": (
        "The recording's sample rate is not accepted.",
        _UPLOAD,
    ),
    "sending_away_not_consented": (
        "A participant does not consent to sending anything to computers of others.",
        f"Choose an engine on this server, or record the consent. {_RETRY}",
    ),
    "speech_gone": (
        "What was decoded from the recording is missing.",
        "`sessionscribe retry ID`: it is decoded again.",
    ),
    "too_many_channels": (
        "The recording has too many channels.",
        _UPLOAD,
    ),
    "transcriber_not_offered": (
        "The server has no such transcriber any more.",
        f"Set `SESSIONSCRIBE_TRANSCRIBERS` to name it, restart the workers. {_RETRY}",
    ),
    "transcript_gone": (
        "The transcript is missing.",
        "Restore the database from a backup.",
    ),
    "undecodable_audio": (
        "The recording cannot be decoded.",
        _UPLOAD,
    ),
}
