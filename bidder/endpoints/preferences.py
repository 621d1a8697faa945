"""Content negotiation by the headers Accept and Accept-Encoding (RFC 9110, section 12.5)."""

from collections.abc import Mapping

_XML = ("application/xml", "text/xml")


def weights(header: str) -> Mapping[str, float]:
    """The choices of a header, in lower case, with their weights from 0 to 1. A missing or invalid weight is 1."""
    choices: dict[str, float] = {}
    for choice in header.lower().split(","):
        name, *parameters = (part.strip() for part in choice.split(";"))
        if name:
            stated = next(
                (value for key, _, value in (p.partition("=") for p in parameters) if key.strip() == "q"), "1"
            )
            choices[name] = max(choices.get(name, 0.0), _weight(stated.strip()))
    return choices


def _weight(text: str) -> float:
    digits = text.replace(".", "", 1)
    return min(float(text), 1.0) if digits.isascii() and digits.isdigit() else 1.0


def prefers_xml(accept: str) -> bool:
    """Whether the caller prefers XML to JSON and to everything else. Then the caller is a player that takes VAST.

    On equal weights the answer is JSON. It is JSON for a browser too, since a browser prefers HTML.
    """
    if "xml" not in accept.lower():
        return False
    choices = weights(accept)
    xml = max(choices.get(name, 0.0) for name in _XML)
    return xml > _json(choices) and xml >= max(choices.values())


def _json(choices: Mapping[str, float]) -> float:
    """The weight of JSON, by the most specific media range that contains it."""
    named = [weight for name, weight in choices.items() if name.endswith(("/json", "+json"))]
    return max(named) if named else choices.get("application/*", choices.get("*/*", choices.get("*", 0.0)))


def takes_gzip(accept_encoding: str) -> bool:
    """Whether the caller accepts gzip. A weight of 0 refuses gzip."""
    choices = weights(accept_encoding)
    return max((choices[name] for name in ("gzip", "x-gzip") if name in choices), default=choices.get("*", 0.0)) > 0
