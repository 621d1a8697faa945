"""The privacy gate: the signal that forbids the use of personal data, and the request as the signals permit.

Decision and answer see only the permitted request.
"""

from enum import StrEnum
from typing import Any

from bidder.openrtb.base import Object
from bidder.openrtb.bid_request import BidRequest
from bidder.openrtb.device import Device
from bidder.openrtb.geo import Geo
from bidder.openrtb.regs import Regs, RegsExt
from bidder.openrtb.site import Site
from bidder.openrtb.user import User
from bidder.privacy import gpp, tcf, us_privacy

ATT_AUTHORIZED = 3
"""The status of Apple's App Tracking Transparency by which the user allowed tracking."""


class Restriction(StrEnum):
    """The signals that restrict a request to contextual bidding, each with the reason in words."""

    COPPA = "made for children (coppa)"
    DO_NOT_TRACK = "the device asks not to be tracked (dnt)"
    LIMIT_AD_TRACKING = "the device limits ad tracking (lmt)"
    TRACKING_NOT_AUTHORIZED = "the user did not allow tracking on iOS (atts)"
    GLOBAL_PRIVACY_CONTROL = "the browser opts out of sale (gpc)"
    GDPR = "the GDPR applies or may apply, and the consent string is missing, unreadable or refuses"
    US_PRIVACY = "us_privacy opts out of sale, or is unreadable"
    GPP = "a GPP section in force opts out, or is unreadable"


def restriction(request: BidRequest) -> Restriction | None:
    """The first signal that restricts the request, or None.

    A signal is read from the field of OpenRTB 2.6 and from `ext`; either may restrict. A flag with any value but 0 is
    set.
    """
    regs = request.regs
    return (
        _restriction_by_device(request.device)
        or _restriction_by_regs(regs)
        or _restriction_by_regs(regs and regs.ext)
        or _restriction_by_gpp(regs)
        or _restriction_by_gdpr(regs, request.user)
    )


def _restriction_by_device(device: Device | None) -> Restriction | None:
    if device is None:
        return None
    if device.dnt:
        return Restriction.DO_NOT_TRACK
    if device.lmt:
        return Restriction.LIMIT_AD_TRACKING
    if device.ext and device.ext.atts not in {None, ATT_AUTHORIZED}:
        return Restriction.TRACKING_NOT_AUTHORIZED
    return None


def _restriction_by_regs(regs: Regs | RegsExt | None) -> Restriction | None:
    if regs is None:
        return None
    if regs.coppa:
        return Restriction.COPPA
    if isinstance(regs, RegsExt) and regs.gpc:
        return Restriction.GLOBAL_PRIVACY_CONTROL
    if regs.us_privacy and not us_privacy.allows(regs.us_privacy):
        return Restriction.US_PRIVACY
    return None


def _restriction_by_gpp(regs: Regs | None) -> Restriction | None:
    """The restriction by GPP. Each stated string must allow each stated list of sections: `ext` may state others."""
    if regs is None or not (regs.gpp or regs.gpp_sid):
        return None
    regs_objects = (regs, regs.ext) if regs.ext else (regs,)
    strings = {regs_object.gpp for regs_object in regs_objects if regs_object.gpp} or {""}
    sections = {regs_object.gpp_sid for regs_object in regs_objects if regs_object.gpp_sid} or {()}
    allows = all(gpp.allows(text, section_ids) for text in strings for section_ids in sections)
    return None if allows else Restriction.GPP


def _restriction_by_gdpr(regs: Regs | None, user: User | None) -> Restriction | None:
    """The restriction by GDPR. A request with `gdpr` needs consent. Without `gdpr`, a stated string must consent."""
    values = {source.gdpr for source in (regs, regs and regs.ext) if source} - {None}
    if values == {0}:
        return None
    consents = {source.consent for source in (user, user and user.ext) if source} - {None, ""}
    if (values and not consents) or not all(consent and tcf.allows(consent) for consent in consents):
        return Restriction.GDPR
    return None


def _default_fields_except(model: type[Object], *names: str) -> dict[str, Any]:
    """The update that resets all fields of a model except `names`, so that a field that is added later is reset."""
    return {name: field.get_default() for name, field in model.model_fields.items() if name not in names}


_DEVICE_UPDATE = _default_fields_except(
    Device,
    *("dnt", "lmt", "ext", "ua", "sua", "devicetype", "make", "model", "os", "osv", "hwv", "h", "w", "pxratio", "js"),
    *("language", "langb", "carrier", "mccmnc", "connectiontype"),
)
_USER_UPDATE = _default_fields_except(User)
_GEO_UPDATE = _default_fields_except(Geo, "country", "region", "utcoffset")


def restrict_request(request: BidRequest) -> BidRequest:
    """The request itself if all privacy signals allow, else a copy for contextual bidding.

    The copy has no data of the user (ids, segments), no IP address and no advertising id. The copy keeps the country,
    region and time zone of the location, and the part of page URLs before the query. `regs` stays.
    """
    if restriction(request) is None:
        return request
    device, user = _restrict_device(request.device), _restrict_user(request.user)
    copy = request.model_copy(update={"device": device, "user": user, "site": _restrict_site(request.site)})
    if user and request.device and request.location is request.device.geo and copy.location is user.geo:
        # device.geo had only precise fields and is empty now; user.geo must not replace it.
        user.geo = None
    return copy


def _restrict_device(device: Device | None) -> Device | None:
    return device and device.model_copy(update={**_DEVICE_UPDATE, "geo": _restrict_geo(device.geo)})


def _restrict_user(user: User | None) -> User | None:
    return user and user.model_copy(update={**_USER_UPDATE, "geo": _restrict_geo(user.geo)})


def _restrict_geo(geo: Geo | None) -> Geo | None:
    return geo and geo.model_copy(update=_GEO_UPDATE)


def _restrict_site(site: Site | None) -> Site | None:
    """The site without queries of URLs, which may have an id, and without the user's search."""
    return site and site.model_copy(
        update={"page": _remove_query(site.page), "ref": _remove_query(site.ref), "search": None}
    )


def _remove_query(url: str | None) -> str | None:
    return url and url.partition("?")[0].partition("#")[0]
