"""Writes the table of ad tag parameters into docs/ad-tag.md: `python -m tools.ad_tag_table`."""

from bidder.ad_tag.parameters import PARAMETERS, Parameter
from tools import ROOT

PAGE = ROOT / "docs" / "ad-tag.md"
BEGIN, END = "<!-- parameters -->\n", "<!-- end of parameters -->\n"


def table() -> str:
    """The table in Markdown: a row for each parameter, in the order of `PARAMETERS`."""
    head = "| parameter | also | OpenRTB | VAST macro | value |\n|---|---|---|---|---|\n"
    return head + "".join(map(_row, PARAMETERS))


def write_table(page: str) -> str:
    """The page with the present table."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{table()}{END}{after}"


def _row(parameter: Parameter) -> str:
    also = ", ".join(f"`{name}`" for name in parameter.also)
    macro = f"`{parameter.macro}`" if parameter.macro else ""
    field = parameter.field if parameter.field == "—" else f"`{parameter.field}`"
    value = f"{parameter.reader.takes}; {parameter.about}" if parameter.about else parameter.reader.takes
    return f"| `{parameter.name}` | {also} | {field} | {macro} | {value} |\n"


if __name__ == "__main__":
    PAGE.write_text(write_table(PAGE.read_text()))
