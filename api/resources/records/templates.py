"""Templates of notes: the built-in ones, a practice's own, and the one it usually uses."""

from typing import Any
from uuid import UUID

from flask import Response, jsonify

from api import idempotency
from api.auth import any_key, caller, needs, resources
from api.http.json_bodies import Blueprint
from api.openapi.document import LOCATION, answers
from api.schemas.templates import (
    TemplateCreateSchema,
    TemplateSchema,
    UsualSchema,
    template_document,
    template_from,
)
from shared.services.access.caller import Scope
from shared.services.idempotency import Answered
from shared.services.notes import templates
from shared.services.notes.templates import Stored

blueprint = Blueprint("templates", __name__, url_prefix="/api/templates", description="Templates of notes.")


def _created_again(first: Answered) -> Response:
    return _created(templates.get(resources(), caller(), first.resource_id))


@blueprint.route("", methods=["GET"])
@blueprint.response(200, TemplateSchema(many=True))
@answers(blueprint)
@any_key
def list_templates() -> Response:
    """The built-in templates and the practice's own."""
    usual = templates.usual(resources(), caller())
    return jsonify([template_document(stored, usual) for stored in templates.listed(resources(), caller())])


@blueprint.route("", methods=["POST"])
@blueprint.doc(parameters=[idempotency.PARAMETER])
@blueprint.arguments(TemplateCreateSchema)
@blueprint.response(201, TemplateSchema, headers=LOCATION)
@answers(blueprint, 400, 404, 409, 415, 422)
@needs(Scope.TEMPLATES_WRITE)
@idempotency.idempotent(_created_again)
def create(given: dict[str, Any]) -> Response:
    """Add a template of the practice's own. It may then be named wherever a built-in one may."""
    return _created(templates.create(resources(), caller(), template_from(given)))


@blueprint.route("/usual", methods=["PUT"])
@blueprint.arguments(UsualSchema)
@blueprint.response(200, UsualSchema)
@answers(blueprint, 400, 415, 422)
@needs(Scope.TEMPLATES_WRITE)
def choose_usual(given: dict[str, Any]) -> Any:
    """Choose the template for uploads that name none."""
    return {"name": templates.choose_usual(resources(), caller(), given["name"])}


@blueprint.route("/<id:template_id>", methods=["GET"])
@blueprint.response(200, TemplateSchema)
@answers(blueprint, 404, 422)
@any_key
def show(template_id: UUID) -> Response:
    """One of the practice's own templates."""
    return _one(templates.get(resources(), caller(), template_id))


@blueprint.route("/<id:template_id>", methods=["PUT"])
@blueprint.arguments(TemplateCreateSchema)
@blueprint.response(200, TemplateSchema)
@answers(blueprint, 400, 404, 409, 415, 422)
@needs(Scope.TEMPLATES_WRITE)
def replace(given: dict[str, Any], template_id: UUID) -> Response:
    """Change one of the practice's own templates; notes that were made with it stay as they are."""
    return _one(templates.replace(resources(), caller(), template_id, template_from(given)))


@blueprint.route("/<id:template_id>", methods=["DELETE"])
@blueprint.response(204)
@answers(blueprint, 404, 409, 422)
@needs(Scope.TEMPLATES_WRITE)
def delete(template_id: UUID) -> None:
    """Offer one of the practice's own templates no more; 409 while it is the usual one."""
    templates.delete(resources(), caller(), template_id)


def _one(stored: Stored) -> Response:
    return jsonify(template_document(stored, templates.usual(resources(), caller())))


def _created(stored: Stored) -> Response:
    response = _one(stored)
    response.status_code = 201
    response.headers["Location"] = f"/api/templates/{stored.id}"
    return response
