"""Ads for the tests of markup: one with the fewest fields, one with all fields, and their wrappers."""

from bidder.vast import (
    Ad,
    Category,
    CompanionElement,
    IconElement,
    InLine,
    MediaFile,
    Pricing,
    UniversalAdIdElement,
    VerificationElement,
    Wrapper,
)

EVENTS = [
    "start",
    "firstQuartile",
    "midpoint",
    "thirdQuartile",
    "complete",
    "skip",
    "mute",
    "unmute",
    "pause",
    "resume",
]

LEAST = InLine(
    ad_serving_id="s1",
    title="A title",
    duration=15,
    media_files=(MediaFile(url="https://media.example/a.mp4", type="video/mp4", width=640, height=360),),
    universal_ad_id=UniversalAdIdElement(registry="unknown", value="u1"),
)
MOST = LEAST._replace(
    advertiser="Brand & Sons",
    duration=15.02,
    universal_ad_id=UniversalAdIdElement(registry="ad-id.org", value="ABCD0001000H"),
    media_files=(
        MediaFile(
            url="https://media.example/a.mp4?x=1&y=2",
            type="video/mp4",
            width=1280,
            height=720,
            bitrate_kbps=1500,
            codec="avc1.64001F",
            file_size=2_812_500,
            id="720",
        ),
        MediaFile(url="https://media.example/a.webm", type="video/webm", width=640, height=360),
    ),
    click_through="https://brand.example/?a=1&b=2",
    categories=(Category(authority="https://iabtechlab.com", code="IAB1"),),
    expires=300,
    mezzanine=MediaFile(
        url="https://media.example/original.mov?x=1&y=2",
        type="video/quicktime",
        width=1920,
        height=1080,
        codec="apch",
        file_size=900_000_000,
    ),
)
AD = Ad(id="c1", ad_system="bidder", content=LEAST)
FULL = AD._replace(
    content=MOST,
    creative_id="cr1",
    impressions=("https://bid.example/e/impression/1", "https://other.example/i"),
    viewable=("https://bid.example/e/viewable",),
    tracking={event: (f"https://bid.example/e/{event}",) for event in EVENTS},
    error="https://bid.example/e/error?code=[ERRORCODE]",
    click_tracking=("https://bid.example/e/click",),
    skip_offset=5,
    pricing=Pricing(value_micros=2_500_000, currency="USD"),
    icon=IconElement(
        program="AdChoices",
        url="https://icons.example/a.png",
        type="image/png",
        width=20,
        height=21,
        click_through="https://choices.example/?a&b",
        view_tracking="https://choices.example/seen",
    ),
    verifications=(
        VerificationElement(
            vendor="company.example-omid",
            url="https://verify.example/omid.js?a=1&b=2",
            parameters='{"a": "]]>"}',
            not_executed="https://verify.example/not?reason=[REASON]",
        ),
        VerificationElement(vendor="other.example-omid", url="https://other.example/omid.js", browser_optional=True),
    ),
    companions=(
        CompanionElement(
            id="co1",
            url="https://media.example/side.png",
            type="image/png",
            width=300,
            height=250,
            alt_text="Side & by side",
            click_through="https://brand.example/?side",
            click_tracking=("https://bid.example/e/click",),
            rendering_mode="end-card",
        ),
        CompanionElement(url="https://media.example/top.png", type="image/png", width=728, height=90),
    ),
)
TAG = Wrapper(ad_tag="https://ads.example/tag?a=1&b=2")
WRAPPED = FULL._replace(content=TAG)
