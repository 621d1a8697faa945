"""The name that an exchange calls by: `POST /bid?exchange=NAME`."""

from bidder.openrtb.invalid_request import InvalidRequest


def exchange_name(text: str | None) -> str | None:
    """The name, as tokens, events and message attributes have it; None where none was given. Raises InvalidRequest."""
    if not text:
        return None
    if len(text) > 32 or not text.isascii() or not text.replace("-", "a").replace("_", "a").isalnum():
        raise InvalidRequest([("?exchange", "a name is letters, digits, - and _, 32 at most")])
    return text
