"""What a pydantic model found wrong, in words."""

from pydantic import ValidationError


def faults(error: ValidationError, whole: str) -> list[str]:
    """`path: message` for each fault; one of the thing itself goes by the name of the `whole`."""
    return [f"{'.'.join(map(str, fault['loc'])) or whole}: {fault['msg']}" for fault in error.errors()]
