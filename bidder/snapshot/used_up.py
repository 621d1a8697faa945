"""The allowance of a process, as loaded with a delivery state, and the campaigns that it has used up."""

from array import array
from collections.abc import Callable, Sequence
from datetime import datetime

from bidder.delivery.allowance import Allowance
from bidder.snapshot import sets
from bidder.snapshot.container import Sections
from bidder.snapshot.index import Index
from bidder.snapshot.sets import Set
from bidder.snapshot.shared_accounts import SharedAccounts

BURST, PER_MINUTE = "burst", "per_minute"
"""The sections of the paces of campaigns."""


def used_up_sets(
    index: Index, shared_accounts: SharedAccounts | None
) -> tuple[list[Set], set[int], Callable[[int], None], Callable[[int], None]]:
    """An empty set of campaigns for each tier, an empty set of accounts, and the functions that add and remove one.

    A campaign is in the set of its tier while its own account or its advertiser's is used up.
    """
    used_up_campaigns = [sets.set_of((), tier.size) for tier in index.tiers_by_number]
    used_up_accounts: set[int] = set()
    count = len(index)

    def campaigns_of(account: int) -> Sequence[int]:
        if account < count:
            return (account,)
        return shared_accounts.members.get(account, ()) if shared_accounts else ()

    def use_up(account: int) -> None:
        used_up_accounts.add(account)
        for position in campaigns_of(account):
            tier, offset = index.tier_of(position)
            used_up_campaigns[tier] = used_up_campaigns[tier] | sets.set_of((offset,), index.tiers_by_number[tier].size)

    def restore(account: int) -> None:
        used_up_accounts.discard(account)
        for position in campaigns_of(account):
            if position in used_up_accounts or (
                shared_accounts and shared_accounts.advertiser_accounts.get(position) in used_up_accounts
            ):
                continue
            tier, offset = index.tier_of(position)
            size = index.tiers_by_number[tier].size
            used_up_campaigns[tier] = sets.without(used_up_campaigns[tier], sets.set_of((offset,), size))

    return used_up_campaigns, used_up_accounts, use_up, restore


def load_allowance(
    sections: Sections,
    index: Index,
    shared_accounts: SharedAccounts | None,
    use_up: Callable[[int], None],
    restore: Callable[[int], None],
    as_of: datetime,
) -> Allowance:
    """The allowance of all accounts: those of campaigns by position, then those of advertisers and deals."""
    remaining_micros = array("q", bytes(sections["left"]))
    paces = _paces(sections)
    if shared_accounts is None:
        return Allowance(remaining_micros, index.cost, use_up, restore, paces, as_of)
    burst, per_minute = paces or (array("q", [Allowance.NO_LIMIT]) * len(index), array("q", [0]) * len(index))
    remaining_micros.extend(account.remaining_micros for account in shared_accounts.accounts)
    burst.extend(account.burst for account in shared_accounts.accounts)
    per_minute.extend(account.per_minute for account in shared_accounts.accounts)
    accounts = shared_accounts

    def cost(account: int) -> int:
        return index.cost(account) if account < accounts.first else accounts.cost(account)

    return Allowance(remaining_micros, cost, use_up, restore, (burst, per_minute), as_of)


def _paces(sections: Sections) -> tuple["array[int]", "array[int]"] | None:
    if BURST not in sections:
        return None
    return array("q", bytes(sections[BURST])), array("q", bytes(sections[PER_MINUTE]))
