"""The field types that campaigns, creatives and their parts share."""

from typing import Annotated

from pydantic import BeforeValidator, Field

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
"""An id of ours: in URLs, keys and metrics, so letters, digits, dot, underscore and hyphen."""

HttpUrl = Annotated[str, Field(pattern=r"^https?://[^\s<>\"]+$", max_length=2048)]

SecureUrl = Annotated[
    str,
    Field(pattern=r"^(https://|http://(127\.0\.0\.1|localhost|\[::1\])[:/])[^\s<>\"]+$", max_length=2048),
]
"""What every page may load: over https, or from this machine itself (W3C Secure Contexts, section 3.1)."""


def lower(value: object) -> str:
    """What is no text yet becomes text too."""
    return str(value).lower()


VideoMime = Annotated[str, Field(pattern=r"^video/[a-z0-9.+-]+$"), BeforeValidator(lower)]
ImageMime = Annotated[str, Field(pattern=r"^image/[a-z0-9.+-]+$"), BeforeValidator(lower)]

Pixels = Annotated[int, Field(gt=0, le=16384)]
