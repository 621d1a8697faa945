"""`python -m bidder lists …`: first-party and lookalike lists of ids, which campaigns target by name."""

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from bidder.campaigns.campaign import Campaign
from bidder.campaigns.request_fields_used import named_values, request_fields_used
from bidder.campaigns.targeted_ranges import LIST
from bidder.campaigns.targeting_values import LIST_NAME
from bidder.cli.refresh import publish_refresh
from bidder.cli.table import table
from bidder.service.service import Service
from bidder.snapshot.compile import campaign_conjunctions
from bidder.snapshot.id_lists import MOST_IDS, WIDTH, id_number, pack_list

_DIGITS = 2 * WIDTH
_HASH = re.compile(rf"[0-9a-f]{{{_DIGITS},64}}")


class InvalidList(ValueError):
    """The name or the file is none of a list; the message says why, without quoting an id."""


def import_list(service: Service, name: str, path: str, *, hashed: bool) -> None:
    """Adds a list, or replaces the one of this name. The ids are hashed here and leave this machine as numbers only.

    Raises InvalidList, OSError.
    """
    if not LIST_NAME.fullmatch(name):
        msg = f"{name} is no name of a list: lower-case letters, digits, dot, underscore and hyphen, 64 at most"
        raise InvalidList(msg)
    if path == "-":
        numbers = read_ids(sys.stdin, hashed=hashed)
    else:
        with Path(path).open(encoding="utf-8", errors="surrogateescape") as file:
            numbers = read_ids(file, hashed=hashed)
    service.lists.put(name, pack_list(numbers))
    print(f"{name}: {len(numbers)} ids")
    publish_refresh(service)


def read_ids(lines: Iterable[str], *, hashed: bool) -> set[int]:
    """The numbers of a file's ids, one a line: ids as exchanges send them, or their SHA-256 in hex, 16 digits or more.

    Zeros and hyphens alone are no id: devices send them for viewers who limit tracking. Raises InvalidList.
    """
    numbers: set[int] = set()
    for count, line in enumerate(lines, 1):
        text = line.strip()
        if not text.strip("0-"):
            continue
        if hashed and not _HASH.fullmatch(text.lower()):
            msg = f"line {count} is no SHA-256 in hex, of {_DIGITS} digits at least"
            raise InvalidList(msg)
        numbers.add(int(text[:_DIGITS], 16) if hashed else id_number(text))
        if len(numbers) > MOST_IDS:
            msg = f"more than {MOST_IDS} ids: each bidder holds the whole list in memory; cut it into several lists"
            raise InvalidList(msg)
    if not numbers:
        msg = "no id in it. A list without ids is never met, and excludes nobody: `lists delete` drops one"
        raise InvalidList(msg)
    return numbers


def list_lists(service: Service) -> None:
    """Prints the lists that there are, with the campaigns that name them."""
    users: dict[str, list[str]] = {}
    for campaign in service.campaigns.all():
        for name in lists_of(campaign):
            users.setdefault(name, []).append(campaign.id)
    held = list(service.lists.all())
    rows = [
        (its.name, f"{its.at:%Y-%m-%d %H:%M}", str(its.ids), ", ".join(sorted(users.pop(its.name, [])))) for its in held
    ]
    rows += [(name, "missing", "", ", ".join(sorted(ids))) for name, ids in sorted(users.items())]
    print(table(("list", "imported (UTC)", "ids", "campaigns"), rows, left=2))


def delete_list(service: Service, name: str) -> None:
    """Drops a list, and says which campaigns bid no more without it. Raises UnknownList."""
    service.lists.delete(name)
    print(f"{name} is deleted")
    users = sorted(campaign.id for campaign in service.campaigns.all() if name in lists_of(campaign))
    if users:
        print(f"campaigns that name it don't bid until it is there again: {', '.join(users)}")
    publish_refresh(service)


def lists_of(campaign: Campaign) -> set[str]:
    """The lists that a campaign names."""
    its_lines = campaign_conjunctions(campaign)
    return named_values(LIST, its_lines, request_fields_used(campaign)) if its_lines else set()


def missing_lists(service: Service, campaigns: Iterable[Campaign]) -> Iterator[str]:
    """What campaigns name of lists that are not there, in words."""
    named = [(campaign.id, name) for campaign in campaigns for name in sorted(lists_of(campaign))]
    held = set(service.lists.names()) if named else set()
    for campaign_id, name in named:
        if name not in held:
            yield f"{campaign_id}: bids once there is a list {name}: `python -m bidder lists import {name} FILE`"
