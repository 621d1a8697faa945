"""Which signal of a request, if any, forbids the use of personal data."""

from enum import StrEnum

from bidder.openrtb.bid_request import BidRequest
from bidder.openrtb.device import Device
from bidder.openrtb.regs import Regs, RegsExt
from bidder.openrtb.user import User
from bidder.privacy import gpp, tcf, us_privacy

ATT_AUTHORIZED = 3
"""Of Apple's App Tracking Transparency: the user allowed tracking."""


class Restriction(StrEnum):
    """Why only the context may be used, in words for the person who asks."""

    COPPA = "made for children (coppa)"
    DO_NOT_TRACK = "the device asks not to be tracked (dnt)"
    LIMIT_AD_TRACKING = "the device limits ad tracking (lmt)"
    TRACKING_NOT_AUTHORIZED = "the user did not allow tracking on iOS (atts)"
    GLOBAL_PRIVACY_CONTROL = "the browser opts out of sale (gpc)"
    GDPR = "the GDPR applies or may apply, and the consent string is missing, unreadable or refuses"
    US_PRIVACY = "us_privacy opts out of sale, or is unreadable"
    GPP = "a GPP section in force opts out, or is unreadable"


def restriction(request: BidRequest) -> Restriction | None:
    """The first signal that restricts; None where all that are stated allow.

    Both places of a signal are heard, 2.6's and `ext`: either may restrict. A flag with any value but 0 is set.
    """
    regs = request.regs
    return _of_device(request.device) or _of_regs(regs) or _of_regs(regs and regs.ext) or _of_gdpr(regs, request.user)


def _of_device(device: Device | None) -> Restriction | None:
    if device is None:
        return None
    if device.dnt:
        return Restriction.DO_NOT_TRACK
    if device.lmt:
        return Restriction.LIMIT_AD_TRACKING
    if device.ext and device.ext.atts not in {None, ATT_AUTHORIZED}:
        return Restriction.TRACKING_NOT_AUTHORIZED
    return None


def _of_regs(regs: Regs | RegsExt | None) -> Restriction | None:
    if regs is None:
        return None
    if regs.coppa:
        return Restriction.COPPA
    if isinstance(regs, RegsExt) and regs.gpc:
        return Restriction.GLOBAL_PRIVACY_CONTROL
    if regs.us_privacy and not us_privacy.allows(regs.us_privacy):
        return Restriction.US_PRIVACY
    if (regs.gpp or regs.gpp_sid) and not gpp.allows(regs.gpp or "", regs.gpp_sid):
        return Restriction.GPP
    return None


def _of_gdpr(regs: Regs | None, user: User | None) -> Restriction | None:
    """With `gdpr` consent is needed; without it a consent string still speaks, unless `gdpr` is 0."""
    stated = {place.gdpr for place in (regs, regs and regs.ext) if place} - {None}
    if stated == {0}:
        return None
    consents = {place.consent for place in (user, user and user.ext) if place} - {None, ""}
    if (stated and not consents) or not all(consent and tcf.allows(consent) for consent in consents):
        return Restriction.GDPR
    return None
