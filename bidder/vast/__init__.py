"""Markup: VAST 4.2 from plain values."""

from bidder.vast.ad import Ad, Category, MediaFile, Pricing, UniversalAdId
from bidder.vast.markup import EMPTY, clock, render

__all__ = ["EMPTY", "Ad", "Category", "MediaFile", "Pricing", "UniversalAdId", "clock", "render"]
