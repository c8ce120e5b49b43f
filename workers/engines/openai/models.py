"""What each model behind OpenAI's transcription API takes and gives.

OpenAI's own models refuse a parameter that is not theirs with 400; compatible servers know
fewer. Shut down by OpenAI on 2027-02-26: all but ``gpt-transcribe``.
"""

import re
from dataclasses import dataclass
from typing import Any

# US dollars a minute of audio, by OpenAI's price list: estimates, and only OpenAI's own.
_PRICES = {
    "gpt-transcribe": 0.0045,
    "gpt-4o-transcribe": 0.006,
    "gpt-4o-transcribe-diarize": 0.006,
    "gpt-4o-mini-transcribe": 0.003,
    "whisper-1": 0.006,
}
# OpenAI takes files up to 25 MB, which is 13.6 minutes of WAV; the gpt-4o models 1,400 s.
LONGEST_OFFICIAL_SECONDS = 780.0


@dataclass(frozen=True, slots=True)
class Model:
    """How a model is asked, and what comes back.

    ``response_format`` is ``json`` (bare text), ``verbose_json`` (segments, words) or
    ``diarized_json`` (segments with speakers). ``lists``: it takes ``keywords`` and ``languages``
    in place of ``prompt`` and ``language``. ``prompts``: it takes a prompt at all.
    ``logprobs``: it tells how sure it was. ``price``: US dollars a minute, None where unknown.
    """

    name: str
    response_format: str = "json"
    lists: bool = False
    prompts: bool = True
    logprobs: bool = False
    price: float | None = None

    @property
    def gives_times(self) -> bool:
        """Whether a chunk may be sent whole, because its pieces come back with times."""
        return self.response_format != "json"

    def form(self, language: str | None, vocabulary: list[str]) -> dict[str, Any]:
        """The form fields besides the file; ``language`` is an ISO 639-1 code."""
        form: dict[str, Any] = {"model": self.name, "response_format": self.response_format}
        if self.response_format == "verbose_json":
            form["timestamp_granularities"] = ["word", "segment"]
        elif self.response_format == "diarized_json":
            form["chunking_strategy"] = "auto"  # required from 30 s on
        if self.logprobs:
            form["include"] = ["logprobs"]
        if language:
            form |= {"languages": [language]} if self.lists else {"language": language}
        if vocabulary and self.lists:
            form["keywords"] = vocabulary
        elif vocabulary and self.prompts:
            form["prompt"] = ", ".join(vocabulary)
        return form


def model_of(name: str, *, official: bool, times: str = "auto", price: float | None = None) -> Model:
    """The model ``name`` of OpenAI (``official``), or of a server that speaks its API.

    ``times`` says whether it is asked for segments and words: ``yes``, ``no``, or ``auto`` for
    models with "whisper" in their name; all others of OpenAI's answer that with 400. ``price``
    goes before the list's.
    """
    price = _price_of(name) if price is None and official else price
    verbose = times == "yes" or (times == "auto" and "whisper" in name.lower())
    if verbose:
        return Model(name, "verbose_json", price=price)
    if not official:  # only what speaches, vLLM and LocalAI all know
        return Model(name, prompts="diarize" not in name, price=price)
    if re.match(r"gpt-transcribe(-|$)", name):
        return Model(name, lists=True, price=price)
    if "diarize" in name:
        return Model(name, "diarized_json", prompts=False, price=price)
    return Model(name, logprobs=bool(re.match(r"gpt-4o(-mini)?-transcribe(-|$)", name)), price=price)


def _price_of(name: str) -> float | None:
    """The price of the model that ``name`` is, or is a dated version of."""
    return _PRICES.get(re.sub(r"-\d{4}-\d{2}-\d{2}$", "", name))
