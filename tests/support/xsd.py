"""The published schemas of VAST, as judges of markup."""

from functools import cache

from lxml import etree

from tests.published import VAST

_FILES = {
    "2.0": "vast_2.0.1.xsd",
    "3.0": "vast3_draft.xsd",
    "4.0": "vast4.xsd",
    "4.1": "vast_4.1.xsd",
    "4.2": "vast_4.2.xsd",
    "4.3": "vast_4.2.xsd",  # nobody published one; what we say in 4.3 is what we say in 4.2
}


def assert_valid(document: str) -> None:
    """Holds a VAST document to the schema of the version that the document states. Raises DocumentInvalid, KeyError."""
    # Brackets are no part of a URI, to lxml; a player fills the macros in before it is one.
    root = etree.fromstring(document.replace("[ERRORCODE]", "900").replace("[REASON]", "2").encode())
    _schema(str(root.get("version"))).assertValid(root)


@cache
def _schema(version: str) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(VAST / _FILES[version]))
