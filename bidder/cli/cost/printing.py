"""The output of `bidder cost`: the bill, its largest items, the break-even and the switches, as text or as JSON."""

import json
from dataclasses import asdict
from typing import Any

from bidder.cli.cost.bill import Line, bill, per_million, total
from bidder.cli.cost.compare import cheapest, cost, savings
from bidder.cli.cost.prices import PriceTable
from bidder.cli.cost.usage import Entrance, Load
from bidder.cli.table import table


def document(load: Load, entrance: Entrance, region: str, prices: PriceTable) -> dict[str, Any]:
    """The whole answer as JSON has it. Raises UnknownRegion."""
    of_region = prices.of(region)
    lines = bill(load, entrance, of_region)
    return {
        "prices_of": prices.date,
        "region": region,
        "entrance": entrance.value,
        "load": asdict(load),
        "lines": [asdict(line) | {"per_million": per_million(line.dollars, load)} for line in lines],
        "dollars_a_month": total(lines),
        "dollars_per_million_requests": per_million(total(lines), load),
        "entrances": {each.value: cost(load, each, of_region) for each in Entrance},
        "cheapest_from_qps": [{"qps": each.qps, "entrance": each.entrance.value} for each in cheapest(load, of_region)],
        "savings": [asdict_of(each) for each in savings(load, entrance, of_region)],
    }


def asdict_of(saving: Any) -> dict[str, Any]:
    """A saving as JSON has it."""
    return {"switch": saving.switch, "dollars_a_month": saving.dollars}


def as_json(load: Load, entrance: Entrance, region: str, prices: PriceTable) -> str:
    """The answer as a JSON text."""
    return json.dumps(document(load, entrance, region, prices), indent=1)


def as_text(load: Load, entrance: Entrance, region: str, prices: PriceTable) -> str:
    """The answer as tables. Raises UnknownRegion."""
    of_region = prices.of(region)
    lines = bill(load, entrance, of_region)
    whole = total(lines)
    head = (
        f"{load.qps:,.12g} bid requests/s, bids on {percent(load.bid_rate)}, wins {percent(load.win_rate)} of them, "
        f"{region}, {entrance.value}; prices of {prices.date}, {prices.currency}"
    )
    by_entrance = [
        (each.value, _money(cost(load, each, of_region)), _money(per_million(cost(load, each, of_region), load)))
        for each in Entrance
    ]
    breaks = [(f"from {each.qps:,.3g}/s", each.entrance.value) for each in cheapest(load, of_region)]
    saved = [(each.switch, _money(each.dollars)) for each in savings(load, entrance, of_region)]
    return "\n\n".join(
        (
            head,
            table(
                ("service", "unit", "a month", "USD a month", "USD a million", "share"),
                _rows(lines, load),
                left_aligned=2,
            ),
            f"Total: {_money(whole)} a month, {_money(per_million(whole, load))} for a million bid requests.",
            table(("entrance", "USD a month", "USD a million"), by_entrance),
            table(("cheapest", "entrance"), breaks, left_aligned=2),
            table(("switch", "saves USD a month"), saved) if saved else "No switch saves a cent.",
            f"{prices.note}",
        )
    )


def percent(share: float) -> str:
    """A share in percent with three digits, so that a small share is not 0%."""
    return f"{share * 100:.3g}%"


def _rows(lines: list[Line], load: Load) -> list[tuple[str, ...]]:
    whole = total(lines)
    return [
        (
            line.service,
            line.unit,
            f"{line.amount:,.0f}",
            _money(line.dollars),
            _money(per_million(line.dollars, load)),
            f"{line.dollars / whole:.0%}",
        )
        for line in sorted(lines, key=lambda line: -line.dollars)
    ]


def _money(dollars: float) -> str:
    return f"{dollars:,.2f}" if abs(dollars) >= 1 else f"{dollars:,.4f}"
