"""The days and times that options take. Years are limited, so that arithmetic with zones never overflows."""

from datetime import date, datetime

import click

FIRST_YEAR, LAST_YEAR = 2000, 2999


class Day(click.ParamType[date]):
    """A date such as 2026-11-23."""

    name = "date"

    def convert(self, value: object, param: click.Parameter | None, context: click.Context | None) -> date:
        """The date of a text."""
        try:
            day = value if isinstance(value, date) else date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value} is no date such as 2026-11-23", param, context)
        if not is_in_range(day):
            self.fail(f"{value} is not between the years {FIRST_YEAR} and {LAST_YEAR}", param, context)
        return day


def is_in_range(day: date | datetime) -> bool:
    """Whether the year is one that options take."""
    return FIRST_YEAR <= day.year <= LAST_YEAR
