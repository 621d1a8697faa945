"""The query of a URL as values by name."""

from urllib.parse import parse_qs


def parameters(query_string: bytes) -> dict[str, list[str]]:
    """The decoded values by name, in their order; blank ones too."""
    return parse_qs(query_string.decode("latin-1"), keep_blank_values=True) if query_string else {}
