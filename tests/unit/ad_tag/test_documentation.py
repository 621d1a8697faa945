"""docs/ad-tag.md has the table of parameters of the code."""

from bidder.ad_tag.parameters import PARAMETERS
from tools.ad_tag_table import PAGE, table, write_table


def test_the_page_has_the_table_of_the_code() -> None:
    page = PAGE.read_text()

    assert table() in page
    assert write_table(page) == page, "run python -m tools.ad_tag_table"
    assert all(f"| `{parameter.name}` |" in page for parameter in PARAMETERS)
