"""Validates markup by the published schemas of VAST and VMAP."""

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
    "4.3": "vast_4.2.xsd",  # VAST 4.3 has no published schema, and the bidder's VAST 4.3 has only elements of 4.2
}


def assert_valid(document: str) -> None:
    """Validates a VAST document by the schema of its version. Raises DocumentInvalid, KeyError."""
    # lxml does not accept brackets in a URI; a player replaces the macros first.
    root = etree.fromstring(document.replace("[ERRORCODE]", "900").replace("[REASON]", "2").encode())
    _schema(str(root.get("version"))).assertValid(root)


def assert_valid_vmap(document: str) -> list[str]:
    """Validates a VMAP document and each VAST document in it. Returns the VAST documents.

    Raises DocumentInvalid.
    """
    root = etree.fromstring(document.encode())
    for link in root.iter("{*}AdTagURI"):
        # lxml does not accept the brackets of macros; a player replaces them first
        link.text = re.sub(r"[\[\]{}]", "", link.text or "")
    _vmap_schema().assertValid(root)
    documents = [etree.tostring(vast, encoding="unicode") for vast in root.iterfind(".//{*}VASTAdData/*")]
    for vast in documents:
        assert_valid(vast)
    return documents


@cache
def _vmap_schema() -> etree.XMLSchema:
    """The VMAP schema, which accepts any namespace for VAST: the published namespace of VAST 3.0 is wrong."""
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
