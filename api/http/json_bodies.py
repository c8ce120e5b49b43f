"""Bodies in JSON: of their media type, and readable."""

import codecs
from typing import Any

from flask import Request
from flask_smorest import Blueprint as SmorestBlueprint
from marshmallow import Schema
from webargs.core import parse_json
from webargs.flaskparser import FlaskParser, is_json_request
from werkzeug.exceptions import BadRequest

from shared.domain.errors import UnsupportedMedia


class BodyParser(FlaskParser):
    """webargs' parser, for bodies that mean harm too."""

    def load_json(self, req: Request, schema: Schema) -> Any:
        """The body's value, or webargs' ``missing`` if there is no body.

        Raises UnsupportedMedia for a body of another type, BadRequest for one that is not JSON.
        """
        # Without this, webargs takes such a body for none, and says that every field is missing.
        if not is_json_request(req) and req.get_data(cache=True):
            raise UnsupportedMedia(
                "Send the body as JSON, with the header `Content-Type: application/json`.",
                "unsupported_media_type",
            )
        try:
            if (data := req.get_data(cache=True)).startswith(codecs.BOM_UTF8):
                # Some Windows programs begin a file with it; the parser takes it for a part of the text.
                return parse_json(data.removeprefix(codecs.BOM_UTF8))
            return super().load_json(req, schema)
        except (RecursionError, ValueError):  # nested too deeply; a number of thousands of digits
            raise BadRequest from None


class Blueprint(SmorestBlueprint):  # type: ignore[misc]  # flask-smorest carries no types
    """flask-smorest's, with our parser of bodies."""

    ARGUMENTS_PARSER = BodyParser()
