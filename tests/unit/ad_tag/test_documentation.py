"""The page on the ad tag has the table that the code reads by."""

from bidder.ad_tag.parameters import PARAMETERS
from tools.ad_tag_table import PAGE, table, written


def test_the_table_is_the_codes() -> None:
    page = PAGE.read_text()

    assert table() in page
    assert written(page) == page, "run python -m tools.ad_tag_table"
    assert all(f"| `{parameter.name}` |" in page for parameter in PARAMETERS)
