"""Renders VAST 2.0 to 4.3 and VMAP 1.0.1 from plain values."""

from bidder.vast.ad import Ad, InLine, Wrapper
from bidder.vast.clock import clock
from bidder.vast.markup import EMPTY, document, empty, render, render_ad
from bidder.vast.parts import (
    Category,
    CompanionElement,
    IconElement,
    MediaFile,
    Pricing,
    UniversalAdIdElement,
    VerificationElement,
)
from bidder.vast.version import Version, best_version, takes_inline

__all__ = [
    "EMPTY",
    "Ad",
    "Category",
    "CompanionElement",
    "IconElement",
    "InLine",
    "MediaFile",
    "Pricing",
    "UniversalAdIdElement",
    "VerificationElement",
    "Version",
    "Wrapper",
    "best_version",
    "clock",
    "document",
    "empty",
    "render",
    "render_ad",
    "takes_inline",
]
