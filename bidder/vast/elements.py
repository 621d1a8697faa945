"""Renders the parts of an ad as XML elements, in the order and the spelling of each VAST version."""

from collections.abc import Iterable

from bidder.vast.clock import clock
from bidder.vast.parts import Category, CompanionElement, IconElement, MediaFile, Pricing, VerificationElement
from bidder.vast.version import Version
from bidder.vast.xml import cdata, text


def media_file(file: MediaFile, version: Version) -> str:
    """The MediaFile element. VAST 2.0 has no `codec`, and versions before 4.1 have no `fileSize`."""
    bitrate = "" if file.bitrate_kbps is None else f' bitrate="{file.bitrate_kbps:d}"'
    codec = file.codec if version >= Version.VAST_3_0 else None
    size = str(file.file_size) if file.file_size is not None and version >= Version.VAST_4_1 else None
    return (
        f'<MediaFile delivery="{text(file.delivery)}" type="{text(file.type)}"'
        f' width="{file.width:d}" height="{file.height:d}"{bitrate}'
        f"{attributes(id=file.id, codec=codec, fileSize=size)}>{cdata(file.url)}</MediaFile>"
    )


def mezzanine(file: MediaFile | None, version: Version) -> str:
    """The Mezzanine element, section 3.9.2: the original file for transcoding. It has no attributes in VAST 4.0."""
    if file is None:
        return ""
    if version == Version.VAST_4_0:
        return f"<Mezzanine>{cdata(file.url)}</Mezzanine>"
    size = None if file.file_size is None else str(file.file_size)
    return (
        f'<Mezzanine delivery="{text(file.delivery)}" type="{text(file.type)}"'
        f' width="{file.width:d}" height="{file.height:d}"'
        f"{attributes(id=file.id, codec=file.codec, fileSize=size)}>{cdata(file.url)}</Mezzanine>"
    )


def pricing(price: Pricing | None, version: Version) -> str:
    """The Pricing element. Its `model` is in lower case before VAST 4.0."""
    if price is None:
        return ""
    units, micros = divmod(price.value_micros, 1_000_000)
    model = price.model if version >= Version.VAST_4_0 else price.model.lower()
    return f'<Pricing model="{text(model)}" currency="{text(price.currency)}">{units}.{micros:06d}</Pricing>'


def categories(elements: Iterable[Category]) -> str:
    """The Category elements."""
    return "".join(f'<Category authority="{text(each.authority)}">{text(each.code)}</Category>' for each in elements)


def icons(icon: IconElement | None) -> str:
    """The Icons element with its Icon; "" without an icon."""
    if icon is None:
        return ""
    clicks = optional_url("IconClickThrough", icon.click_through)
    return (
        f'<Icons><Icon program="{text(icon.program)}" width="{icon.width:d}" height="{icon.height:d}"'
        f' xPosition="{text(icon.x_position)}" yPosition="{text(icon.y_position)}">'
        f'<StaticResource creativeType="{text(icon.type)}">{cdata(icon.url)}</StaticResource>'
        f"{clicks and f'<IconClicks>{clicks}</IconClicks>'}"
        f"{optional_url('IconViewTracking', icon.view_tracking)}"
        "</Icon></Icons>"
    )


def verifications(elements: Iterable[VerificationElement]) -> str:
    """The AdVerifications element of VAST 4.1; "" without verifications."""
    scripts = "".join(map(_verification, elements))
    return scripts and f"<AdVerifications>{scripts}</AdVerifications>"


def _verification(script: VerificationElement) -> str:
    tracking = "" if script.not_executed is None else tracking_event("verificationNotExecuted", script.not_executed)
    parameters = "" if script.parameters is None else cdata(script.parameters)
    return (
        f'<Verification vendor="{text(script.vendor)}">'
        f'<JavaScriptResource apiFramework="{text(script.api_framework)}"'
        f' browserOptional="{"true" if script.browser_optional else "false"}">{cdata(script.url)}</JavaScriptResource>'
        f"{tracking and f'<TrackingEvents>{tracking}</TrackingEvents>'}"
        f"{parameters and f'<VerificationParameters>{parameters}</VerificationParameters>'}"
        "</Verification>"
    )


def companion(ad: CompanionElement, version: Version) -> str:
    """The Companion element. Before VAST 4.0 the order differs, and an InLine companion has no click tracking."""
    mode = ad.rendering_mode if version >= Version.VAST_4_1 else None
    click_through = optional_url("CompanionClickThrough", ad.click_through)
    alt_text = optional("AltText", ad.alt_text)
    if version >= Version.VAST_4_0:
        tracking = "".join(
            f'<CompanionClickTracking id="{number}">{cdata(url)}</CompanionClickTracking>'
            for number, url in enumerate(ad.click_tracking, 1)
        )
        rest = f"{alt_text}{click_through}{tracking}"
    else:
        rest = f"{click_through}{alt_text}"
    return (
        f'<Companion width="{ad.width:d}" height="{ad.height:d}"{attributes(id=ad.id, renderingMode=mode)}>'
        f'<StaticResource creativeType="{text(ad.type)}">{cdata(ad.url)}</StaticResource>{rest}</Companion>'
    )


def tracking_event(event: str, url: str, offset: float | None = None) -> str:
    """The Tracking element. `offset` is that of the event `progress`, in seconds."""
    at = "" if offset is None else f' offset="{clock(offset)}"'
    return f'<Tracking event="{text(event)}"{at}>{cdata(url)}</Tracking>'


def urls(name: str, values: Iterable[str]) -> str:
    """One element of this name for each URL."""
    return "".join(f"<{name}>{cdata(url)}</{name}>" for url in values)


def optional_url(name: str, url: str | None) -> str:
    """The element with the URL; "" without a URL."""
    return "" if url is None else f"<{name}>{cdata(url)}</{name}>"


def optional(name: str, value: str | None) -> str:
    """The element with the value; "" without a value."""
    return "" if value is None else f"<{name}>{text(value)}</{name}>"


def attributes(**values: str | None) -> str:
    """The XML attributes whose value is not None, with a blank before each."""
    return "".join(f' {name}="{text(value)}"' for name, value in values.items() if value is not None)
