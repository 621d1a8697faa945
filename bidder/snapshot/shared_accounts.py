"""The section `shared` of a delivery state: the budgets of advertisers and deals, as the bid needs them.

Each budget is an account of the allowance. The account of a campaign has the number of the campaign's position. The
numbers of advertisers' accounts follow, and then the numbers of deals' accounts.
"""

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bidder.delivery.allowance import Allowance
from bidder.delivery.budget import Withheld, remaining_micros, withheld
from bidder.delivery.budget_holders import advertiser_holder, deal_holder
from bidder.delivery.participation import WHOLE
from bidder.delivery.shared_budgets import SharedBudget, SharedBudgets, withheld_by_advertiser
from bidder.normal_forms import identifier
from bidder.snapshot.index import Index

SECTION = "shared"


class AccountNumbers(NamedTuple):
    """A budget's numbers: the remaining amount and the highest cost of an impression, in micros, and its pace.

    `burst` and `per_minute` are `Allowance.NO_LIMIT` if the budget is not paced, and `remaining_micros` is if the
    budget has no limit.
    """

    remaining_micros: int
    max_cost_micros: int
    share: int
    burst: int
    per_minute: int


class DealBudget(NamedTuple):
    """The budget of a deal: its account, its share of auctions, and the reason for no bids in the deal, or None."""

    holder: str
    account: int
    share: int
    withheld: Withheld | None


class SharedAccounts:
    """The accounts of advertisers and deals."""

    def __init__(self, accounts: Sequence[AccountNumbers], first: int) -> None:
        self.accounts = accounts
        self.first = first
        """The number of the first account."""
        self.domains: dict[int, str] = {}
        """The advertiser's domain, by account."""
        self.holders: dict[int, str] = {}
        """The name of the advertiser or the deal, by account."""
        self.members: dict[int, Sequence[int]] = {}
        """The positions of the advertiser's campaigns, by account."""
        self.advertiser_accounts: dict[int, int] = {}
        """The account of the advertiser of a campaign, by position."""
        self.deal_budgets: dict[str, dict[str, DealBudget]] = {}
        """By campaign id and the deal's id in its normal form."""

    def share(self, account: int) -> int:
        """The share of auctions that pacing allows an account."""
        return self.accounts[account - self.first].share

    def cost(self, account: int) -> int:
        """The most that one more impression can cost the account, in micros."""
        return self.accounts[account - self.first].max_cost_micros


def shared_section(
    index: Index, shared_budgets: SharedBudgets, members: Mapping[str, Sequence[int]]
) -> dict[str, bytes]:
    """The section of these budgets; none without any. `members` are the positions of advertisers' campaigns."""
    if not shared_budgets.advertisers and not shared_budgets.deals:
        return {}
    deals = {names: deal for names, deal in shared_budgets.deals.items() if index.position(names[0]) is not None}
    body = {
        "advertisers": [
            [domain, members[domain], _account(advertiser, max(map(index.cost, members[domain]), default=0))]
            for domain, advertiser in shared_budgets.advertisers.items()
        ],
        "deals": [
            [*names, _account(deal, deal.limits.cost), withheld(deal.limits, deal.spend)]
            for names, deal in deals.items()
        ],
    }
    return {SECTION: json.dumps(body, separators=(",", ":")).encode()}


def load_shared(section: memoryview | None, first: int) -> SharedAccounts | None:
    """Reads the section; `first` is the number of campaigns."""
    if section is None:
        return None
    body = json.loads(bytes(section))
    rows = [*body["advertisers"], *body["deals"]]
    shared_accounts = SharedAccounts([AccountNumbers(*row[2]) for row in rows], first)
    for account, (domain, members, _) in enumerate(body["advertisers"], start=first):
        shared_accounts.domains[account], shared_accounts.members[account] = domain, members
        shared_accounts.holders[account] = advertiser_holder(domain)
        shared_accounts.advertiser_accounts.update(dict.fromkeys(members, account))
    for account, (campaign_id, deal_id, numbers, reason) in enumerate(
        body["deals"], start=first + len(body["advertisers"])
    ):
        withheld_reason = None if reason is None else Withheld(reason)
        budget = DealBudget(deal_holder(campaign_id, deal_id), account, AccountNumbers(*numbers).share, withheld_reason)
        shared_accounts.holders[account] = budget.holder
        shared_accounts.deal_budgets.setdefault(campaign_id, {})[identifier(deal_id)] = budget
    return shared_accounts


def reason_of_advertiser(shared_budget: SharedBudget | None, cost: int, now: float) -> Withheld | None:
    """The reason why an advertiser's budget keeps a campaign of this cost from bidding, or None."""
    return (
        None if shared_budget is None else withheld_by_advertiser(shared_budget.limits, shared_budget.spend, cost, now)
    )


def _account(budget: SharedBudget, cost: int) -> AccountNumbers:
    micros = remaining_micros(budget.limits._replace(cost=cost), budget.spend)
    limit = Allowance.NO_LIMIT if micros is None else max(0, micros - budget.reserved)
    if budget.pace is None:
        return AccountNumbers(limit, cost, WHOLE, Allowance.NO_LIMIT, Allowance.NO_LIMIT)
    return AccountNumbers(limit, cost, *budget.pace)
