"""Spend in words, with the price of invalid traffic where there is any."""

from bidder.delivery.budget import Spend
from bidder.money import display


def spend_text(spend: Spend) -> str:
    """The spend of today and in all, and the price of invalid traffic, which is not billed."""
    spent = f"spent {display(spend.today_micros)} today, {display(spend.total_micros)} in all"
    if not spend.invalid_total_micros:
        return spent
    invalid = f"{display(spend.invalid_today_micros)} today, {display(spend.invalid_total_micros)} in all"
    return f"{spent}; invalid traffic {invalid}"
