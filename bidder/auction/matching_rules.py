"""The rules of matching, which exclude a campaign from the candidates of the decision.

The index applies these rules to sets of campaigns (`bidder.auction.match`). The checks here are for one campaign.
"""

from collections.abc import Sequence
from typing import NamedTuple

from bidder.auction.match import Slot, device_of
from bidder.auction.rule import Case, Rule
from bidder.auction.unmet_targeting import ATTRIBUTES, UnmetTargeting
from bidder.campaigns.implied_predicates import MIME, SALE
from bidder.delivery.budget import Withheld
from bidder.delivery.participation import WHOLE
from bidder.delivery.quality import OUTCOMES
from bidder.snapshot import sets
from bidder.snapshot.snapshot import Snapshot

USED_UP = "its bids in flight use up its budget until the next refresh"
ADVERTISER_USED_UP = "its advertiser's bids in flight use up the advertiser's budget until the next refresh"


class Candidate(NamedTuple):
    """The subject of the rules of delivery: a campaign by its position in the index, for an impression."""

    snapshot: Snapshot
    position: int
    slot: Slot

    def takes_part(self) -> bool:
        """Whether pacing lets the campaign into this auction."""
        campaign_id = self.snapshot.index.campaign_id(self.position)
        candidates = self.slot.candidates
        return self.snapshot.delivery.takes_part(self.position, campaign_id, candidates.draw, candidates.classes)


def _participation(case: Case) -> tuple[str, str]:
    """The draw of auction and campaign, and the share of auctions that the campaign takes part in, in words."""
    draw = case.slot.candidates.draw.draw_for(case.campaign.id)
    share = case.snapshot.delivery.share(case.position, case.slot.candidates.classes)
    return f"{100 * draw / WHOLE:.2f} %", f"less than {100 * share / WHOLE:.2f} %"


def _explain_share(case: Case) -> str:
    """The reason of a campaign's participation besides its own budget: its advertiser's, or the predicted rate."""
    position, delivery, classes = case.position, case.snapshot.delivery, case.slot.candidates.classes
    advertiser = delivery.pacing_advertiser(position)
    words = f", which the budget of {advertiser} sets" if advertiser else ""
    if delivery.quality is None or classes is None or delivery.shares is None:
        return words
    goal = delivery.quality.goals[position]
    if goal:
        rate = ("above", "near", "below")[classes[goal - 1]]
        device, outcome = device_of(case.context.request), OUTCOMES[goal - 1]
        words += f" on device type {device}, whose {outcome} rate is {rate} the account's"
        words += f"; {100 * delivery.shares[position] / WHOLE:.2f} % of all auctions"
    return words


def delivery_reason(snapshot: Snapshot, position: int) -> str | None:
    """The reason why delivery withholds the campaign at a position, or None."""
    withheld = snapshot.delivery.withheld(position)
    if withheld is Withheld.LIST:
        list_names = (name for name, positions in snapshot.index.lists.items() if position in positions)
        missing_names = (name for name in list_names if name not in snapshot.lists)
        return f"{withheld.value}: {', '.join(sorted(missing_names))}"
    if withheld:
        return withheld.value
    tier, offset = snapshot.index.tier_of(position)
    if offset not in sets.members(snapshot.delivery.used_up_campaigns[tier]):
        return None
    return USED_UP if position in snapshot.delivery.used_up_accounts else ADVERTISER_USED_UP


WITHHELD: Rule[Candidate] = Rule(
    "withheld",
    "delivery withholds the campaign, such as for a pause or a spent budget",
    rejects=lambda candidate: delivery_reason(candidate.snapshot, candidate.position) is not None,
)
"""The verdict uses `delivery_reason` directly, without a campaign's record (`bidder.auction.verdict`)."""


def _attribute_rule(attribute: str | None) -> Rule[UnmetTargeting | None]:
    return Rule(
        rule_name(attribute),
        f"the request does not meet its targeting by {attribute}" if attribute else "no request can meet its targeting",
        rejects=lambda unmet: unmet is not None and unmet.attribute == attribute,
        seen=lambda case: [case.unmet_targeting.seen] if case.unmet_targeting else [],
        wanted=lambda case: [case.unmet_targeting.wanted] if case.unmet_targeting else [],
        reason_of=lambda case: case.unmet_targeting.reason if case.unmet_targeting else "",
    )


def rule_name(attribute: str | None) -> str:
    """The name of the rule of an attribute; of targeting that no request can meet for None."""
    if attribute is None:
        return "targeting"
    return {MIME: "files", SALE: "sale"}.get(attribute, f"targeting.{attribute}")


TARGETING_RULES: Sequence[Rule[UnmetTargeting | None]] = (_attribute_rule(None), *map(_attribute_rule, ATTRIBUTES))
"""A rule for each attribute, after the rule of targeting that no request can meet."""

PACING: Rule[Candidate] = Rule(
    "pacing",
    "pacing keeps it out of this auction: the draw of auction and campaign is not below its participation",
    rejects=lambda candidate: not candidate.takes_part(),
    seen=lambda case: [_participation(case)[0]],
    wanted=lambda case: [_participation(case)[1] + _explain_share(case)],
)
