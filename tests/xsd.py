"""The published schemas of VAST, where this machine has them."""

from functools import cache
from pathlib import Path

from lxml import etree

FOLDER = Path(__file__).parents[2] / "shared" / "standards" / "vast"
AVAILABLE = FOLDER.exists()

_FILES = {
    "2.0": "vast_2.0.1.xsd",
    "3.0": "vast3_draft.xsd",
    "4.0": "vast4.xsd",
    "4.1": "vast_4.1.xsd",
    "4.2": "vast_4.2.xsd",
    "4.3": "vast_4.2.xsd",  # nobody published one; what we say in 4.3 is what we say in 4.2
}


def assert_valid(document: str) -> None:
    """Holds a VAST document to the schema of the version that it says it is; does nothing without the schemas."""
    if AVAILABLE:
        # Brackets are no part of a URI, to lxml; a player fills the macros in before it is one.
        root = etree.fromstring(document.replace("[ERRORCODE]", "900").replace("[REASON]", "2").encode())
        _schema(str(root.get("version"))).assertValid(root)


@cache
def _schema(version: str) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(FOLDER / _FILES[version]))
