"""Recognizes ISO 3166-1 codes, and suggests the right code for a country's name or a wrong code."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from bidder.countries import ALPHA_3, STANDARD
from bidder.files.mistakes import nearest

_KOSOVO = ("XK", "XKX")
"""User-assigned codes of Kosovo, which are not in the standard. Exchanges send them."""

_ALSO_CALLED = {
    "uk": "GB",
    "united kingdom": "GB",
    "great britain": "GB",
    "england": "GB",
    "scotland": "GB",
    "wales": "GB",
    "northern ireland": "GB",
    "united states of america": "US",
    "america": "US",
    "el": "GR",
    "hellas": "GR",
    "kosovo": "XK",
    "south korea": "KR",
    "republic of korea": "KR",
    "north korea": "KP",
    "holland": "NL",
    "the netherlands": "NL",
    "uae": "AE",
    "czechia": "CZ",
    "turkiye": "TR",
    "türkiye": "TR",
    "burma": "MM",
    "ivory coast": "CI",
    "deutschland": "DE",
    "españa": "ES",
    "méxico": "MX",
    "brasil": "BR",
    "italia": "IT",
    "schweiz": "CH",
    "suisse": "CH",
    "österreich": "AT",
    "polska": "PL",
    "sverige": "SE",
    "norge": "NO",
    "danmark": "DK",
    "suomi": "FI",
    "nippon": "JP",
}


def is_country(word: str) -> bool:
    """Whether a word is an alpha-2 or alpha-3 code, in upper or lower case. `UK` is not: the standard has GB."""
    return word.strip().upper() in _codes()


def country_meant(word: str) -> str | None:
    """The alpha-3 code of the country that a word names, also with a spelling mistake; None if there is none."""
    name = word.strip().casefold()
    meant = _ALSO_CALLED.get(name) or _names().get(name)
    if meant is None and len(name) > 3:
        close = nearest(name, [*_names(), *_ALSO_CALLED])
        meant = close and (_names().get(close) or _ALSO_CALLED[close])
    return ALPHA_3.get(meant) if meant else None


@cache
def _codes() -> frozenset[str]:
    return frozenset({*_KOSOVO, *STANDARD, *STANDARD.values()})


@cache
def _names() -> Mapping[str, str]:
    """Alpha-2 codes by English country names in lower case, out of the time zone database."""
    table = files("tzdata").joinpath("zoneinfo/iso3166.tab").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in table.splitlines() if line and not line.startswith("#"))
    return {name.casefold(): code for code, name in rows}
