"""A value that holds several values is reported once, with the list in the spelling of its file."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.campaigns.csv_files import csv_list
from bidder.campaigns.files import CampaignFile, InvalidCampaignFile
from bidder.campaigns.joined_values import joined_values
from tests.unit.campaigns.test_csv_files import HEAD, ROW
from tests.unit.campaigns.test_file_checks import checked, refusal


@pytest.mark.parametrize(
    ("field", "cell", "right"),
    [
        ("country.include", "US;CA", "US|CA"),
        ("country.exclude", "us, ca,", "us|ca"),
        ("country.include", "US;", "US"),
        ("region.include", "us-ca;us-ny", "us-ca|us-ny"),
        ("domain.exclude", "a.example,b.example", "a.example|b.example"),
        ("bundle.include", "com.a;com.b", "com.a|com.b"),
        ("hour.include", "mon 8-9; tue 9-10", "mon 8-9|tue 9-10"),
        ("near.include", "48.85,2.35 25km, 40.1,-74 5km", "48.85,2.35 25km|40.1,-74 5km"),
        ("rewarded.include", "yes;no", "yes|no"),
        ("categories", "IAB1;IAB2", "IAB1|IAB2"),
        ("categories", "483,484", "483|484"),
        ("creative.attributes", "1;2", "1|2"),
        ("creative.apis", "1\n2", "1|2"),
        ("creative.targeting.country.include", "US;CA", "US|CA"),
    ],
)
def test_a_cell_with_another_separator_is_one_mistake_with_the_right_spelling(
    field: str, cell: str, right: str
) -> None:
    with pytest.raises(InvalidCampaignFile) as error:
        checked(f'{HEAD},{field}\n{ROW},"{cell}"', "f.csv")

    [mistake, closing] = str(error.value).splitlines()
    assert mistake.startswith("f.csv:2:15: c: ")
    assert mistake.endswith(f"{cell!r} has a separator in it: write {right}")
    assert closing.startswith("1 mistake in f.csv")


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ("{country: {include: 'US, CA'}}", "'US, CA' has a separator in it: write [US, CA]"),
        ("{country: {include: [US|CA, DE]}}", "'US|CA' has a separator in it: write [US, CA]"),
        ("{near: {include: '1,2 3km;4,5 6km'}}", "write ['1,2 3km', '4,5 6km']"),
    ],
)
def test_yaml_gets_the_form_of_yaml(rules: str, message: str) -> None:
    text = f"""
campaigns:
- {{id: c, name: C, advertiser: {{name: S, domain: s.example}}, cpm: 5, where: {rules},
   creatives: [{{id: s, name: S, duration: 5, click_through: 'https://s.example/', media: [{{
     url: 'https://s.example/a.mp4', mime: video/mp4, width: 1, height: 1, bitrate: 1}}]}}]}}
"""
    with pytest.raises(InvalidCampaignFile) as error:
        checked(text, "f.yaml")

    [mistake, _] = str(error.value).splitlines()
    assert mistake.endswith(message)


def test_json_and_multipliers_get_their_own_advice() -> None:
    assert '\'US;CA\' has a separator in it: write ["US", "CA"]' in refusal(
        targeting={"country": {"include": ["US;CA"]}}
    )
    assert "'us;ca' has a separator in it: write each with a factor of its own" in refusal(
        multipliers={"country": {"us;ca": 1.5}}
    )


def warnings_of(field: str, cell: str) -> list[str]:
    file: CampaignFile = checked(f'{HEAD},{field}\n{ROW},"{cell}"', "f.csv")
    return file.warnings


@pytest.mark.parametrize("field", ["city", "keyword", "segment", "deal", "tag", "genre"])
def test_a_text_that_senders_choose_is_a_warning(field: str) -> None:
    [warning] = warnings_of(f"{field}.include", "one, two")

    assert "'one, two' is one value: if you mean 2, write one|two" in warning


@pytest.mark.parametrize(
    ("field", "cell"),
    [("model.include", "iPhone14,2"), ("near.include", "48.85,2.35 25km"), ("city.include", "Paris;")],
)
def test_a_single_value_may_have_a_separator(field: str, cell: str) -> None:
    assert warnings_of(field, cell) == []


WORDS = st.text("abc .-/1", min_size=1).map(str.strip).filter(bool)


@given(st.lists(WORDS, min_size=1, max_size=4), st.sampled_from([";", ",", "|", ", ", "; ", "\n"]))
def test_the_right_spelling_has_the_values_of_a_naive_split(values: list[str], separator: str) -> None:
    document: dict[str, Any] = {"targeting": {"bundle": {"include": [separator.join(values)]}}}

    messages = [message for _, message, _ in joined_values(document, csv_list)]

    assert [message.rpartition(": write ")[2] for message in messages] == (
        ["|".join(values)] if len(values) > 1 else []
    )
