from hypothesis import given
from hypothesis import strategies as st

from bidder.vast.template import Template, mark

VALUES = {"start": "https://bid.example/e/start/1", "firstQuartile": "", "bid": "a1"}
pieces = st.lists(st.sampled_from(sorted(VALUES)).map(mark) | st.text(st.characters(codec="utf-8")), max_size=8)


@given(pieces.map("".join))
def test_each_mark_is_replaced_by_its_value_and_other_text_is_unchanged(markup: str) -> None:
    expected = markup
    for name, value in VALUES.items():
        expected = expected.replace(mark(name), value)

    template = Template(markup)

    assert template.fill(VALUES) == expected
    assert template.fill({name: mark(name) for name in VALUES}) == markup
