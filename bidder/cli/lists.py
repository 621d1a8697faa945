"""`bidder lists`: imports, prints and deletes first-party and lookalike id lists, which campaigns target by name."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from bidder.campaigns.campaign import Campaign
from bidder.campaigns.request_fields_used import named_values, request_fields_used
from bidder.campaigns.targeted_ranges import LIST
from bidder.campaigns.targeting_values import LIST_NAME
from bidder.cli.output import number_of, print_json, print_table
from bidder.cli.refresh import publish_refresh
from bidder.errors import UserError, shown
from bidder.files.id_lines import BadLine, ids_in
from bidder.files.opened import naming_file, open_binary, shown_name
from bidder.files.text import lines_of
from bidder.service.service import Service
from bidder.snapshot.compile import campaign_conjunctions
from bidder.snapshot.id_lists import MAX_IDS, WIDTH, id_number, pack_list

_DIGITS = 2 * WIDTH
_HASH = re.compile(rf"[0-9a-f]{{{_DIGITS},64}}")


_MAX_SHOWN = 5
"""The number of ids that a dry run shows."""


class InvalidList(UserError, ValueError):
    """The name or the file of a list is invalid; the message has the reason, and quotes no id."""


class ReadIds(NamedTuple):
    """The ids of a file as numbers, and the first few ids as text."""

    numbers: set[int]
    first: list[str]


def import_list(
    service: Service,
    name: str,
    path: str,
    *,
    hashed: bool,
    dry_run: bool = False,
    tell_stored: Callable[[str], None] = lambda _: None,
) -> None:
    """Adds a list, or replaces the list of this name. The ids are hashed locally, and only hashes are sent.

    A dry run shows the first ids as they are read, and writes nothing. Raises InvalidList, InvalidFile, OSError.
    """
    if not LIST_NAME.fullmatch(name):
        msg = (
            f"{shown(name)} is not a name of a list: lower-case letters, digits, dot, underscore and hyphen, 64 at most"
        )
        raise InvalidList(msg)
    with open_binary(path) as file, naming_file(path):
        ids = read_ids(lines_of(file, shown_name(path)), hashed=hashed)
    if dry_run:
        for text in ids.first:
            print(text)
        total = number_of(len(ids.numbers), "id")
        print(f"{name}: {total}, of which these are the first {len(ids.first)}. Nothing was written.")
        return
    tell_stored(f"`bidder lists list` tells whether {name} is imported: its time is new then")
    service.lists.put(name, pack_list(ids.numbers))
    tell_stored(f"the list {name} is stored")
    print(f"{name}: {number_of(len(ids.numbers), 'id')}")
    publish_refresh(service)


def read_ids(lines: Iterable[str], *, hashed: bool) -> ReadIds:
    """The ids of a file's lines: as exchanges send them, or their SHA-256 in hex, 16 digits or more.

    Raises InvalidList.
    """
    numbers: set[int] = set()
    first: list[str] = []
    try:
        for line, text in ids_in(lines):
            if hashed and not _HASH.fullmatch(text.lower()):
                msg = f"line {line} is no SHA-256 in hex, of {_DIGITS} digits at least"
                raise InvalidList(msg)
            numbers.add(int(text[:_DIGITS], 16) if hashed else id_number(text))
            if len(first) < _MAX_SHOWN:
                first.append(text)
            if len(numbers) > MAX_IDS:
                msg = f"more than {MAX_IDS} ids: each bidder holds the whole list in memory; split the list"
                raise InvalidList(msg)
    except BadLine as error:
        raise InvalidList(str(error)) from None
    if not numbers:
        msg = "no id in it. A list without ids matches no viewer: `lists delete` deletes a list"
        raise InvalidList(msg)
    return ReadIds(numbers, first)


def list_lists(service: Service, *, as_json: bool) -> None:
    """Prints all lists, with the campaigns that name them."""
    users: dict[str, list[str]] = {}
    for campaign in service.campaigns.all():
        for name in lists_of(campaign):
            users.setdefault(name, []).append(campaign.id)
    stored_lists = list(service.lists.all())
    if as_json:
        there = [
            {
                "list": stored_list.name,
                "imported": stored_list.at.isoformat(),
                "ids": stored_list.ids,
                "campaigns": sorted(users.pop(stored_list.name, [])),
            }
            for stored_list in stored_lists
        ]
        missing = [
            {"list": name, "imported": None, "ids": None, "campaigns": sorted(ids)}
            for name, ids in sorted(users.items())
        ]
        print_json([*there, *missing])
        return
    rows = [
        (
            stored_list.name,
            f"{stored_list.at:%Y-%m-%d %H:%M}",
            str(stored_list.ids),
            ", ".join(sorted(users.pop(stored_list.name, []))),
        )
        for stored_list in stored_lists
    ]
    rows += [(name, "missing", "", ", ".join(sorted(ids))) for name, ids in sorted(users.items())]
    print_table(("list", "imported (UTC)", "ids", "campaigns"), rows, left_aligned=2)


def delete_list(service: Service, name: str) -> None:
    """Deletes a list, and prints the campaigns that stop bidding. Raises UnknownList."""
    service.lists.delete(name)
    print(f"{name} is deleted")
    users = sorted(campaign.id for campaign in service.campaigns.all() if name in lists_of(campaign))
    if users:
        print(f"campaigns that use it do not bid until it is imported again: {', '.join(users)}")
    publish_refresh(service)


def lists_of(campaign: Campaign) -> set[str]:
    """The lists that a campaign names."""
    conjunctions = campaign_conjunctions(campaign)
    return named_values(LIST, conjunctions, request_fields_used(campaign)) if conjunctions else set()


def missing_lists(service: Service, campaigns: Iterable[Campaign]) -> Iterator[str]:
    """A line for each missing list that a campaign names."""
    named = [(campaign.id, name) for campaign in campaigns for name in sorted(lists_of(campaign))]
    stored_names = set(service.lists.names()) if named else set()
    for campaign_id, name in named:
        if name not in stored_names:
            yield f"{campaign_id}: bids once there is a list {name}: `bidder lists import {name} FILE`"
