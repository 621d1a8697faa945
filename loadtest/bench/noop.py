"""A function that does nothing: what the runtime itself costs."""

from typing import Any


def handler(_event: dict[str, Any], _context: object) -> dict[str, Any]:
    """API Gateway's 204."""
    return {"statusCode": 204, "headers": {}, "body": "", "isBase64Encoded": False}
