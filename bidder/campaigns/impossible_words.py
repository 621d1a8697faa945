"""Finds targeted values that no request can show: unknown countries, languages and categories."""

from collections.abc import Mapping

from bidder import normal_forms
from bidder.campaigns.content_1 import is_content_1
from bidder.campaigns.country_codes import country_meant, is_country
from bidder.campaigns.targeting_values import impossible_value, request_values
from bidder.campaigns.taxonomy import Taxonomy
from bidder.languages import ALPHA_2
from bidder.normal_forms import CONTENT_TAXONOMY_1, category, taxonomy_of

_LANGUAGES = frozenset(ALPHA_2.values())

_LANGUAGE_MEANT = {"jp": "ja", "cn": "zh", "gr": "el", "cz": "cs", "dk": "da", "at": "de", "gb": "en", "us": "en"}

Wrong = tuple[str, bool]
"""The message, and whether it is only a warning."""


def wrong_word(attribute: str, word: str, taxonomies: Mapping[int, Taxonomy]) -> Wrong | None:
    """The fault of a targeted value of an attribute, or None if a request can show it."""
    try:
        values = request_values(attribute, [word.strip().lower()])
    except ValueError as error:  # the validation of the field says the same, unless another part of it is invalid
        return str(error), False
    if attribute == "country":
        return _country(word)
    if attribute in {"region", "postcode"} and not is_country(word.partition("-")[0]):
        return f"{word!r} is not a country and a {attribute}, such as {_EXAMPLES[attribute]}", False
    if attribute == "language":
        return _language(word)
    if attribute == "category":
        return wrong_category(word, taxonomies)
    return next(
        ((f"{word!r} {mistake}", False) for value in values if (mistake := impossible_value(attribute, value))), None
    )


_EXAMPLES = {"region": "us-ca", "postcode": "us-94607"}


def wrong_category(word: str, taxonomies: Mapping[int, Taxonomy]) -> Wrong | None:
    """The fault of a category such as `6/483` or `483`: its taxonomy lacks it, or is not imported; else None."""
    number, _, own = word.lower().rpartition("/")
    own = own.strip()
    declared = int(number) if number.isdecimal() else 0
    if taxonomy_of(category(own), declared) == CONTENT_TAXONOMY_1:
        if is_content_1(own):
            return None
        return f"{word.removeprefix('1/')!r} is none of Content Taxonomy 1.0, whose ids are IAB1 to IAB26-4", False
    if not number.isdecimal():
        return None
    if declared not in taxonomies:
        return f"taxonomy {number} is not imported, so {number}/{own} covers itself alone", True
    if own not in taxonomies[declared]:
        return f"taxonomy {number} has no category {own}", True
    return None


def _country(word: str) -> Wrong | None:
    if is_country(word):
        return None
    meant = country_meant(word)
    advice = f"write {meant}" if meant else "write two or three letters, such as US or USA"
    return f"{word!r} is not a country of ISO 3166-1: {advice}", False


def _language(word: str) -> Wrong | None:
    value = normal_forms.language(word)
    if mistake := impossible_value("language", value):
        return f"{word!r} {mistake}", False
    if len(value) == 2 and value not in _LANGUAGES:
        meant = _LANGUAGE_MEANT.get(value)
        return f"{word!r} is not a language of ISO 639-1{f': did you mean {meant}?' if meant else ''}", True
    return None
