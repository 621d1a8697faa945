"""What a caller prefers among representations: the headers Accept and Accept-Encoding (RFC 9110, section 12.5)."""

from collections.abc import Mapping

_XML = ("application/xml", "text/xml")


def weights(header: str) -> Mapping[str, float]:
    """The choices of a header in lower case, each with its weight from 0 to 1; 1 where it has none that can be read."""
    found: dict[str, float] = {}
    for choice in header.lower().split(","):
        name, *parameters = (part.strip() for part in choice.split(";"))
        if name:
            stated = next(
                (value for key, _, value in (p.partition("=") for p in parameters) if key.strip() == "q"), "1"
            )
            found[name] = max(found.get(name, 0.0), _weight(stated.strip()))
    return found


def _weight(text: str) -> float:
    digits = text.replace(".", "", 1)
    return min(float(text), 1.0) if digits.isascii() and digits.isdigit() else 1.0


def prefers_xml(accept: str) -> bool:
    """Whether XML is what a caller likes best, and better than JSON: then it is a player that takes VAST itself.

    What it likes as much is answered in the JSON that it speaks, and so is a browser, which would like HTML better.
    """
    if "xml" not in accept.lower():
        return False
    choices = weights(accept)
    xml = max(choices.get(name, 0.0) for name in _XML)
    return xml > _json(choices) and xml >= max(choices.values())


def _json(choices: Mapping[str, float]) -> float:
    """The weight of JSON by the most specific range that it is in."""
    named = [weight for name, weight in choices.items() if name.endswith(("/json", "+json"))]
    return max(named) if named else choices.get("application/*", choices.get("*/*", choices.get("*", 0.0)))


def takes_gzip(accept_encoding: str) -> bool:
    """Whether an answer may be in gzip; a weight of 0 refuses it."""
    choices = weights(accept_encoding)
    return max((choices[name] for name in ("gzip", "x-gzip") if name in choices), default=choices.get("*", 0.0)) > 0
