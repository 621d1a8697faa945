"""Parses the query of a URL."""

from urllib.parse import parse_qs


def parameters(query_string: bytes) -> dict[str, list[str]]:
    """The decoded values by name, in their order, including empty values."""
    return parse_qs(query_string.decode("latin-1"), keep_blank_values=True) if query_string else {}
