"""The names of budget holders, in spend, traffic counts and the memory of pacing: campaigns, deals and advertisers.

A campaign is named by its id, which has neither `#` nor `~`.
"""


def deal_holder(campaign_id: str, deal_id: str) -> str:
    """The name of a deal of a campaign."""
    return f"{campaign_id}#{deal_id}"


def advertiser_holder(domain: str) -> str:
    """The name of an advertiser."""
    return f"#{domain}"


def class_of_campaign(campaign_id: str, number: int) -> str:
    """The name of a campaign's opportunities in auctions of a quality class (`bidder.delivery.quality`)."""
    return f"{campaign_id}~{number}"


def is_class(name: str) -> bool:
    """Whether a name is that of a quality class of a campaign."""
    return "~" in name and "#" not in name


def is_campaign(name: str) -> bool:
    """Whether a name is that of a campaign."""
    return "#" not in name and "~" not in name


def campaign_of(name: str) -> str:
    """The id of the campaign that a name is of, or of whose deal; empty for an advertiser."""
    return name.partition("#")[0]


def in_words(name: str) -> str:
    """A name for people."""
    campaign_id, is_other, rest = name.partition("#")
    if not is_other:
        return campaign_id
    return f"deal {rest} of {campaign_id}" if campaign_id else f"advertiser {rest}"
