"""Parsed VAST documents."""

from lxml import etree

from bidder.vast import (
    Version,
)

NAMESPACE = "http://www.iab.com/VAST"
ALL = list(Version)


def parsed(document: str) -> etree._Element:
    """The root of the document. Element names have no namespace."""
    root = etree.fromstring(document.encode())
    for element in root.iter("{*}*"):
        element.tag = etree.QName(element).localname
    return root


def texts(root: etree._Element, path: str) -> list[str]:
    return [element.text or "" for element in root.findall(path)]


def names(element: etree._Element | None) -> list[str]:
    assert element is not None
    return [child.tag for child in element]
