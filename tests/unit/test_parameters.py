"""Parameters: a set with an invalid value is not used, and the invalid value is reported without secrets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.aws.path import under_path
from bidder.parameters import DEFAULTS, NAMES, SECRETS, Parameters, Reading, better, read
from tests.support.fake_ssm import FakeSSM

SECRET = "A" * 43
KEYS = f'{{"current": "k1", "keys": {{"k1": "{SECRET}"}}}}'
GOOD = {
    "snapshot-check-interval": "5",
    "snapshot-warn-age": "100",
    "snapshot-hard-age": "200",
    "network-allowance": "30.5",
    "frequency-deadline": "25",
    "most-bids-at-once": "3",
    "most-to-one-viewer": "0.2",
    "most-to-one-address": "0.2",
    "most-to-one-page": "0.2",
    "most-to-one-publisher": "0.2",
    "shading-explored": "0.1",
    "parameter-lifetime": "15",
    "allowed-crawlers": "HeadlessChrome, our-monitor/",
    "most-exp": "7200",
    "invalid-traffic-counts": "false",
    "import-warn-cpm": "40",
    "currency-rates": '{"EUR": 1.0842}',
    "signing-keys": KEYS,
    "price-keys": f'{{"adx": {{"encryption": "{SECRET}", "integrity": "{SECRET}"}}}}',
    "exchanges": '{"adx": {"billed_by": "bill"}}',
    "stitchers": '{"acme": ["198.51.100.0/24", "2001:db8::/32", "203.0.113.7"]}',
    "admin-key": SECRET,
}
BAD = {
    "snapshot-check-interval": "0",
    "snapshot-warn-age": "soon",
    "snapshot-hard-age": "86400",
    "network-allowance": "-1",
    "frequency-deadline": "-1",
    "most-bids-at-once": "2.5",
    "most-to-one-viewer": "1.2",
    "most-to-one-address": "1.2",
    "most-to-one-page": "1.2",
    "most-to-one-publisher": "1.2",
    "shading-explored": "2",
    "parameter-lifetime": "",
    "allowed-crawlers": "bot",
    "most-exp": "86400",
    "invalid-traffic-counts": "maybe",
    "import-warn-cpm": "0",
    "currency-rates": '{"EUR": 0}',
    "signing-keys": f'{{"current": "{SECRET}", "keys": 7}}',
    "price-keys": f'{{"adx": "{SECRET}"}}',
    "exchanges": '{"adx": {"billed_by": "win"}}',
    "stitchers": '{"acme": ["198.51.100.7/24"]}',
    "admin-key": "secret",
}


def test_every_parameter_is_parsed_to_its_type() -> None:
    reading, wrong = read(GOOD)

    assert not wrong
    assert set(GOOD) == set(BAD) == set(NAMES)
    assert (
        reading.ages.check.total_seconds(),
        reading.ages.warn.total_seconds(),
        reading.ages.hard.total_seconds(),
    ) == (
        5,
        100,
        200,
    )
    assert (reading.network_allowance, reading.most_bids_at_once, reading.parameter_lifetime) == (30.5, 3, 15)
    assert reading.currency_rates == {"EUR": 1_084_200}
    assert reading.signing_keys
    assert reading.signing_keys.current == "k1"
    assert reading.price_keys
    assert reading.price_keys.keys_of("adx")
    assert reading.exchanges
    assert reading.exchanges.billed_by_notice() == {"adx"}
    assert reading.stitchers.name_at("198.51.100.9") == reading.stitchers.name_at("2001:db8::1") == "acme"
    assert reading.admin_key == SECRET


@given(st.sets(st.sampled_from(NAMES)), st.sets(st.sampled_from(NAMES)))
def test_invalid_parameters_are_reported_and_do_not_affect_the_others(bad: set[str], absent: set[str]) -> None:
    values = {name: (BAD if name in bad else GOOD)[name] for name in NAMES if name not in absent}
    missing = {"signing-keys"} & absent

    reading, wrong = read(values)

    assert set(wrong) == bad - absent | missing
    for name in NAMES:
        field = name.replace("-", "_")
        left_out = name in bad | absent
        expected = getattr(DEFAULTS if left_out else read(GOOD).parameters, field)
        assert getattr(reading, field) == (None if name in {"price-keys", "exchanges"} & bad - absent else expected)


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_no_error_has_a_secret(name: str) -> None:
    reading = read({**GOOD, name: BAD[name]})

    for entry in (str(reading.wrong), repr(reading.parameters), repr(read(GOOD))):
        assert SECRET not in entry
        assert BAD[name] not in entry


def test_a_warn_age_above_the_hard_age_is_invalid() -> None:
    for values in ({"snapshot-warn-age": "601"}, {"snapshot-hard-age": "179"}, {**GOOD, "snapshot-hard-age": "99"}):
        reading, wrong = read({"signing-keys": KEYS, **values})
        assert set(wrong) == set(values) & {"snapshot-warn-age", "snapshot-hard-age"}
        assert "is more than snapshot-hard-age" in next(iter(wrong.values()))
        assert reading.ages[1:] == DEFAULTS.ages[1:]


def test_the_last_valid_parameters_stay_until_all_are_valid() -> None:
    first = read(GOOD)

    assert better(first, read({**GOOD, "network-allowance": "40", "most-bids-at-once": "many"})) is first
    mended = read({**GOOD, "network-allowance": "40"})
    assert better(first, mended) is mended


def test_without_valid_parameters_the_set_with_fewer_faults_is_used() -> None:
    two, first, other = (
        read({**GOOD, **{name: BAD[name] for name in names}})
        for names in (("signing-keys", "admin-key"), ("admin-key",), ("price-keys",))
    )

    assert better(None, two) is two
    assert better(two, first) is first
    assert better(first, two) is first
    assert better(first, other) is first


def test_all_pages_are_read_and_secrets_only_on_request() -> None:
    ssm = FakeSSM("/at/home", GOOD, SECRETS)

    assert under_path(ssm, "/at/home", secrets=True) == GOOD  # type: ignore[arg-type]
    values_without_secrets = under_path(ssm, "/at/home", secrets=False)  # type: ignore[arg-type]
    assert values_without_secrets == {name: value for name, value in GOOD.items() if name not in SECRETS}
    assert read(values_without_secrets, secrets=False).wrong == {}


def test_the_empty_path_gives_the_defaults_and_no_keys() -> None:
    reading, wrong = read({})

    assert reading == Parameters() == DEFAULTS
    assert set(wrong) == {"signing-keys"}
    assert isinstance(read({}), Reading)
