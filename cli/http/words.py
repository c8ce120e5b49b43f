"""What the API says to HTTP clients, in the words of the command line."""

# Each phrase of an API's error as it stands in its source, and what a person at a terminal does instead.
# A test finds the phrases of HTTP in the services and holds this list to them.
PHRASES = (
    ("Send a valid API key as `Authorization: Bearer ssk_...`.", "This key is not valid (any more)."),
    ("Retry-After says when it may be done again.", "Try again in {pause}."),
    ("Retry-After says when the next begins.", "The next begins in {pause}."),
    ("Send an API key as `Authorization: Bearer ssk_...`.", "Send an API key: set SESSIONSCRIBE_API_KEY."),
    (
        "POST /api/risk-alerts/{id}/acknowledge with what was done. errors names those that are open.",
        "`sessionscribe risk acknowledge ALERT --note TEXT`. Those that are open:",
    ),
    ("say so: ?signed_notes=delete.", "add --signed-notes."),
    ("POST .../notes/addenda.", "`sessionscribe notes addendum SESSION --file FILE`."),
    ("GET /api/templates lists them.", "`sessionscribe notes templates list` lists them."),
    (
        "Send the ETag of the notes that you changed as If-Match, so that no change is lost.",
        "Name the version that you changed with --version, so that no change is lost.",
    ),
    (
        "Send the ETag of the process notes that you changed as If-Match.",
        "Name the revision that you replace with --revision.",
    ),
    ("Some of the upload's metadata is not valid; errors says which and why.", "Some of this is not valid:"),
    ("Some of the form's fields are not valid; errors says which and why.", "Some of this is not valid:"),
    ("send `en`, or no language;", "use --language en, or none;"),
    (
        "revoked_on is before given_on. If the patient consented again, send revoked_on as null.",
        "The withdrawal is before the consent. If the patient consented again, record that consent.",
    ),
)


def in_our_words(detail: str, retry_after_seconds: float | None) -> str:
    """The API's sentence with what applies to the command line."""
    pause = "a while" if retry_after_seconds is None else duration(retry_after_seconds)
    for theirs, ours in PHRASES:
        detail = detail.replace(theirs, ours.replace("{pause}", pause))
    return detail


def duration(seconds: float) -> str:
    """``40 s``, ``25 min`` or ``3 h``, rounded up: earlier is too early."""
    for unit, length, most in (("s", 1, 120), ("min", 60, 7200), ("h", 3600, float("inf"))):
        if seconds < most:
            return f"{int(-(-seconds // length))} {unit}"
    return ""
