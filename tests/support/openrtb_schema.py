"""Validates bid responses by the published JSON Schema of OpenRTB."""

import json
from functools import cache
from typing import Any

from jsonschema.protocols import Validator
from jsonschema.validators import validator_for

from tests.published import RESPONSE_SCHEMA


def assert_valid_response(response: Any) -> None:
    """Validates a bid response by the schema. Raises jsonschema.ValidationError."""
    response_validator().validate(response)


@cache
def response_validator() -> Validator:
    """The validator of all answers. Compiling the schema takes longer than validating an answer."""
    schema = json.loads(RESPONSE_SCHEMA.read_text())
    validator = validator_for(schema)
    validator.check_schema(schema)
    return validator(schema)
