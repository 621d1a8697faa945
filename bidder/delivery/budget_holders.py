"""The names of budget holders (campaigns, deals, advertisers) in spend, traffic counts and the state of pacing.

The name of a campaign is its id, which can't contain `#`, `~` or `!`.
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
    """The name of the impressions that a campaign misses because of an obstacle (`bidder.delivery.obstacles`)."""
    return f"{campaign_id}!{obstacle}"


def is_part(name: str) -> bool:
    """Whether this is the name of a quality class or of an obstacle."""
    return "#" not in name and ("~" in name or "!" in name)


def is_campaign(name: str) -> bool:
    """Whether this is the name of a campaign."""
    return not any(mark in name for mark in "#~!")


def campaign_of(name: str) -> str:
    """The campaign id in the name of a campaign or of its deal; "" for an advertiser."""
    return name.partition("#")[0]


def in_words(name: str) -> str:
    """The name as messages show it, such as `deal D1 of C1`."""
    campaign_id, separator, rest = name.partition("#")
    if not separator:
        return campaign_id
    return f"deal {rest} of {campaign_id}" if campaign_id else f"advertiser {rest}"
