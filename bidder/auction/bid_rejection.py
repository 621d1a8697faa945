"""The rules that can keep a campaign from bidding on an impression, in the order in which they are asked."""

from enum import StrEnum


class BidRejection(StrEnum):
    """The first rule that a campaign fails, in words for the person who asks why there was no bid."""

    CURRENCY = "the request takes no bids in the account's currency"
    SEAT = "the request takes no bids from this buyer seat"
    TRANSPARENCY = "the ad has to show the facts that the Digital Services Act requires, and ours don't (regs.ext.dsa)"
    FLIGHT = "outside its flight dates"
    ADVERTISER = "its advertiser's domain is blocked (badv)"
    APP = "the app it advertises is blocked (bapp)"
    CATEGORY = "one of its categories is blocked (bcat), or not among those allowed (acat)"
    LINEARITY = "the player takes non-linear ads only"
    CREATIVE_TARGETING = "no creative whose own targeting the request meets"
    PROTOCOL = "no VAST version that the player takes"
    DELIVERY = "the player takes streamed video only"
    DURATION = "no creative of a length that fits"
    LANGUAGE = "no creative in a language that the request takes (wlang)"
    ATTRIBUTE = "no creative without an attribute that is blocked (battr)"
    API = "no creative that needs only APIs that the player has (api)"
    MIME = "no media file of a type that the player takes"
    SECURE = "no media file over https, or a click that leaves it: the impression demands https"
    BITRATE = "no media file within the bit rates that the player takes"
    DEAL = "not in a deal of the impression, which takes no other bids from it"
    FLOOR_CURRENCY = "the floor is in a currency that can't be compared"
    WORTH = "an impression is worth less than a millionth to it"
    FLOOR = "its price is below the floor"
    FREQUENCY = "the viewer has reached one of its frequency caps, or what the viewer was shown is unknown"
