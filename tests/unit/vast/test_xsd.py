"""The validation of markup refuses an invalid document."""

import pytest
from lxml import etree

from tests.support.xsd import assert_valid


@pytest.mark.parametrize("version", ["2.0", "3.0", "4.0", "4.1", "4.2", "4.3"])
def test_an_ad_without_content_is_refused(version: str) -> None:
    namespace = ' xmlns="http://www.iab.com/VAST"' if version >= "4" else ""
    with pytest.raises(etree.DocumentInvalid):
        assert_valid(f'<VAST version="{version}"{namespace}><Ad id="1"/><Unheard/></VAST>')


def test_an_unpublished_version_is_refused() -> None:
    with pytest.raises(KeyError):
        assert_valid('<VAST version="9.9"/>')
