"""The published schemas of VAST and VMAP, as judges of markup."""

import re
from functools import cache

from lxml import etree

from tests.published import VAST, VMAP

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


def assert_valid_vmap(document: str) -> list[str]:
    """Holds a VMAP document, and each VAST document in it, to their schemas; returns the VAST documents.

    Raises DocumentInvalid.
    """
    root = etree.fromstring(document.encode())
    for link in root.iter("{*}AdTagURI"):
        link.text = re.sub(r"[\[\]{}]", "", link.text or "")  # no part of a URI, until a player fills the macros in
    _vmap_schema().assertValid(root)
    held = [etree.tostring(vast, encoding="unicode") for vast in root.iterfind(".//{*}VASTAdData/*")]
    for vast in held:
        assert_valid(vast)
    return held


@cache
def _vmap_schema() -> etree.XMLSchema:
    """Its VAST 3.0 has a namespace that no VAST has: any is taken there, and held to its own schema."""
    schema = etree.parse(VMAP)
    xs = "{http://www.w3.org/2001/XMLSchema}"
    for wrong in schema.findall(f"{xs}import"):
        schema.getroot().remove(wrong)
    for element in schema.iterfind(f".//{xs}element[@ref='vast:VAST']"):
        element.tag = f"{xs}any"
        element.attrib.pop("ref")
        element.set("processContents", "skip")
        element.set("namespace", "##any")
    return etree.XMLSchema(schema)


@cache
def _schema(version: str) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(VAST / _FILES[version]))
