"""The open bid of a campaign with a goal, compared with the oracle, from learned counts."""

from hypothesis import given
from hypothesis import strategies as st

from bidder.delivery.outcome_counts import OutcomeCounts
from tests.support.campaigns import NOW, campaign, compile_snapshot, creative
from tests.support.matchable import video_request
from tests.support.oracle import bids
from tests.unit.auction.test_decide import offers

numbers = st.integers(0, 5000)
learned = st.dictionaries(
    st.tuples(st.sampled_from(["plain", "plain", "another"]), st.sampled_from(["s0", "s1", "s2"])),
    st.builds(OutcomeCounts, *[numbers] * 4),
    min_size=1,
)


@given(
    st.sampled_from(["cpcv", "cpc", "cpv"]),
    st.sampled_from(["even", "weighted", "best"]),
    st.lists(st.integers(1, 9), min_size=1, max_size=3),
    learned,
)
def test_a_goal_is_priced_by_the_learned_rates(
    goal: str, rotation: str, weights: list[int], counts: dict[tuple[str, str], OutcomeCounts]
) -> None:
    spots = [creative(id=f"s{n}", weight=weight) for n, weight in enumerate(weights)]
    own_campaign = campaign(cpm=None, **{goal: 0.0213}, max_cpm=1000, rotation=rotation, creatives=spots)
    request = video_request()

    result = offers(request, compile_snapshot([own_campaign], counts=counts))["1"]

    expected = bids(request, request["imp"][0], [own_campaign], NOW, counts=counts)
    assert {result.price.cpm_micros} == {bid.price for bid in expected}
