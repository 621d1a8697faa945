"""The rules by which an offer of a campaign is not answered: the last rows of the table of rules."""

from typing import NamedTuple

from bidder.auction.rule import Rule


class Progress(NamedTuple):
    """How far the offers of a campaign on an impression came. A campaign's offer that came furthest counts."""

    is_chosen: bool
    is_in_document: bool
    is_within_share: bool
    is_paid: bool


OUTBID: Rule[Progress] = Rule(
    "outbid",
    "other campaigns of ours are worth more here",
    rejects=lambda progress: not progress.is_chosen,
    seen=lambda _: (),
    wanted=lambda _: (),
)
DOCUMENT: Rule[Progress] = Rule(
    "document",
    "chosen, but the answer is one VAST document: it has another impression's ad, or no place for DSA facts",
    rejects=lambda progress: not progress.is_in_document,
    seen=lambda _: (),
    wanted=lambda _: (),
)
CONCENTRATION: Rule[Progress] = Rule(
    "concentration",
    "chosen, but one viewer, address, page or publisher had its share of the campaign's hour",
    rejects=lambda progress: not progress.is_within_share,
    seen=lambda _: (),
    wanted=lambda _: (),
)
"""Each process counts its own bids, so only its metrics know of this rule: explain takes it as kept."""
ALLOWANCE: Rule[Progress] = Rule(
    "allowance",
    "chosen, but what is left of its budget, or of its pace, does not pay for one more bid",
    rejects=lambda progress: not progress.is_paid,
    seen=lambda _: (),
    wanted=lambda _: (),
)

ANSWER: tuple[Rule[Progress], ...] = (OUTBID, DOCUMENT, CONCENTRATION, ALLOWANCE)
"""Rules that keep a campaign's offers out of the answer. A campaign that no rule of the table rejects bids."""
