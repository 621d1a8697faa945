"""The published JSON Schema of OpenRTB's bid response, as a judge of answers."""

import json
from functools import cache
from typing import Any

from jsonschema.protocols import Validator
from jsonschema.validators import validator_for

from tests.published import RESPONSE_SCHEMA


def assert_valid_response(response: Any) -> None:
    """Holds a bid response to the schema. Raises jsonschema.ValidationError."""
    _validator().validate(response)


@cache
def _validator() -> Validator:
    """One for all answers: to check and to compile the schema takes longer than to hold an answer to it."""
    schema = json.loads(RESPONSE_SCHEMA.read_text())
    validator = validator_for(schema)
    validator.check_schema(schema)
    return validator(schema)
