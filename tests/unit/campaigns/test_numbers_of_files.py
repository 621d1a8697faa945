"""Whole numbers of campaign files are parsed from their texts in every numeric field."""

from bidder.campaigns.files import read_campaigns

FILE = """
campaigns:
  - id: x
    name: X
    advertiser: {name: Shop, domain: shop.example}
    cpm: 2
    budget: {total_impressions: 1000, daily_impressions: 50}
    frequency_caps: [{impressions: 3, window: day}]
    creatives:
      - id: s
        name: S
        duration: 15
        click_through: https://shop.example/
        media: [{url: "https://shop.example/a.mp4", mime: video/mp4, width: 640, height: 360, bitrate: 500}]
"""


def test_goals_and_caps_of_impressions_are_read() -> None:
    [campaign] = read_campaigns(FILE, None)

    assert (campaign.budget.total_impressions, campaign.budget.daily_impressions) == (1000, 50)
    assert campaign.frequency_caps[0].impressions == 3
