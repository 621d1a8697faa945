"""A function that does nothing, to measure the runtime itself."""

from typing import Any


def handler(_event: dict[str, Any], _context: object) -> dict[str, Any]:
    """The 204 answer to API Gateway."""
    return {"statusCode": 204, "headers": {}, "body": "", "isBase64Encoded": False}
