"""The names of budget holders, in spend, traffic counts and the memory of pacing: campaigns, deals and advertisers.

A campaign is named by its id, which has none of `#`, `~` and `!`.
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


def obstacle_of_campaign(campaign_id: str, obstacle: str) -> str:
    """The name of the impressions that an obstacle keeps from a campaign (`bidder.delivery.obstacles`)."""
    return f"{campaign_id}!{obstacle}"


def is_part(name: str) -> bool:
    """Whether a name is that of a quality class or an obstacle of a campaign."""
    return "#" not in name and ("~" in name or "!" in name)


def is_campaign(name: str) -> bool:
    """Whether a name is that of a campaign."""
    return not any(mark in name for mark in "#~!")


def campaign_of(name: str) -> str:
    """The id of the campaign that a name is of, or of whose deal; empty for an advertiser."""
    return name.partition("#")[0]


def in_words(name: str) -> str:
    """A name for people."""
    campaign_id, is_other, rest = name.partition("#")
    if not is_other:
        return campaign_id
    return f"deal {rest} of {campaign_id}" if campaign_id else f"advertiser {rest}"
