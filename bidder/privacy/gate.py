"""The privacy gate: the request as the consent signals permit. Decision and answer see only that request."""

from typing import Any

from bidder.openrtb.base import Object
from bidder.openrtb.bid_request import BidRequest
from bidder.openrtb.device import Device
from bidder.openrtb.geo import Geo
from bidder.openrtb.site import Site
from bidder.openrtb.user import User
from bidder.privacy.restriction import restriction


def _all_but(model: type[Object], *kept: str) -> dict[str, Any]:
    """The update that resets all fields of a model but the kept, so that a field added later is reset."""
    return {name: field.get_default() for name, field in model.model_fields.items() if name not in kept}


_DEVICE = _all_but(
    Device,
    *("dnt", "lmt", "ext", "ua", "sua", "devicetype", "make", "model", "os", "osv", "hwv", "h", "w", "pxratio", "js"),
    *("language", "langb", "carrier", "mccmnc", "connectiontype"),
)
_USER = _all_but(User)
_GEO = _all_but(Geo, "country", "region", "utcoffset")


def permitted(request: BidRequest) -> BidRequest:
    """The request itself if all privacy signals allow, else a copy for contextual bidding.

    The copy has no data of the user (ids, segments), no IP address and no advertising id. Of the location it keeps
    country, region and time zone, and of page URLs the part before the query. `regs` stays.
    """
    if restriction(request) is None:
        return request
    return request.model_copy(
        update={"device": _device(request.device), "user": _user(request.user), "site": _site(request.site)}
    )


def _device(device: Device | None) -> Device | None:
    return device and device.model_copy(update={**_DEVICE, "geo": _geo(device.geo)})


def _user(user: User | None) -> User | None:
    return user and user.model_copy(update={**_USER, "geo": _geo(user.geo)})


def _geo(geo: Geo | None) -> Geo | None:
    return geo and geo.model_copy(update=_GEO)


def _site(site: Site | None) -> Site | None:
    """The site without queries of URLs, which may have an id, and without the user's search."""
    return site and site.model_copy(
        update={"page": _without_query(site.page), "ref": _without_query(site.ref), "search": None}
    )


def _without_query(url: str | None) -> str | None:
    return url and url.partition("?")[0].partition("#")[0]
