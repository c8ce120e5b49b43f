"""What people say to machines and hardly ever to each other, as regular expressions (verbose)."""

PATTERNS = (
    # Doing away with instructions.
    r"""\b(?:ignore|disregard|forget|override|bypass|discard|skip)\b .{0,40}
        \b(?:instruction|prompt|guideline|directive)s?\b""",
    r"""\b(?:ignore|disregard|forget|override)\ (?:everything|all|anything|what)\ (?:\w+\ ){0,2}
        (?:above|were\ told|told\ before|said\ before)""",
    r"""\b(?:ignore|disregard|forget|override|bypass)\ (?:all\ (?:of\ )?)?your\ (?:\w+\ )?
        (?:rules|polic|safety|training|filter)""",
    r"\b(?:new|updated|real|hidden|secret)\ (?:instruction|system\ (?:prompt|message)|directive)s?\b",
    # Roles, and the marks by which models are told them apart.
    r"^\W*(?:system|assistant|developer|user|human|ai|tool|function)\s*[:>\]]",
    r"(?:^|[.?!\n]\s*)(?:system|assistant|developer|tool)\s*(?:message|prompt|note)?\s*:",
    r"<\|?(?:im_start|im_end|system|endoftext|assistant|user|eot_id|start_header)",
    r"\[/?(?:inst|system)\]|<</?sys>>|\#\#\#\ *(?:system|instruction|response)",
    r"""\b(?:system\ prompt|developer\ mode|jailbreak|do\ anything\ now|prompt\ injection|sudo
        |root\ access|admin(?:istrator)?\ override)\b""",
    r"""\b(?:you\ are(?:\ now)?|act\ as|pretend\ to\ be|behave\ like|as)\ (?:an?\ )?
        (?:ai|language\ model|assistant|unrestricted
        |different\ (?:ai|assistant|model)|scribe|note\ ?taker)\b""",
    r"""\b(?:language\ model|note\ (?:writer|generator|taker|software)|ai\ scribe|(?:the|this)\ ai
        |artificial\ intelligence|whoever\ writes\ (?:the|these)\ notes|attention\ (?:ai|model|scribe))\b""",
    r"\b(?:end|stop|close|begin)\ (?:of\ )?(?:the\ )?transcript\b|</?\s*transcript|\btranscript\ ends",
    # The notes' own field names.
    r"""\b(?:risk_flags|key_topics|patient_summary|therapist_notes|field_evidence|session_mood|action_items
        |json|markdown|html)\b""",
    # What to write.
    r"""\b(?:write|put|note|record|document|output|print|state|say|add|include|insert|mark|set|report|leave
        |list|enter|log|return|respond|reply|answer|summari[sz]e|append|repeat|translate|complete)\b .{0,40}
        \b(?:in\ (?:the|your|my)\ (?:notes?|summary|output|report|record|chart|answer)
        |risk\b.{0,15}\b(?:none|no|low|zero|absent|denied|false|nil)|no\ (?:suicid\w+\ )?risk|risk\ as
        |empty\ (?:list|array)|to\ (?:none|false|null|empty)|as\ (?:denied|none|healthy|cured|resolved)
        |everything\ above|a\ (?:link|markdown)|fit\ for\ discharge)""",
    r"""\brisk\s*(?:level|flags?|assessment)?\s*(?:[:=]|is|are|equals)\s*["'\[]?\s*
        (?:none|no|low|zero|nil|empty|null|absent|\[)""",
    # Where to send it, and what a page or a program would run.
    r"""\b(?:email|e-mail|send|post|upload|forward|transmit|exfiltrate|fetch|visit|click|open|call|load
        |request|curl|get)\b .{0,40}
        (?:https?|www|\.com|\.example|\.net|\.org|@|\ dot\ com|url|webhook|this\ link|transcript
        |the(?:se)?\ notes)""",
    r"https?:|www\.|!\[|\]\(|javascript:|data:[a-z]+/|\{\s*[\"'“]|\}\}|\{\{|\$\{",
    r"<\s*/?\s*(?:script|img|iframe|a|b|svg|style|div|p|h1|body|meta|link)\b",
    r"\b(?:base64|rot13|hex\ encoded|decodes_to)\b",
)
