"""Compiles campaigns into an index object: see `bidder.snapshot.container` for its form, `part` for its use.

Campaigns are taken one at a time, and of each only its record and the numbers of what it tests are kept: a book takes
the memory of its records, whatever the size of its campaigns.
"""

import json
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from bidder import log
from bidder.campaigns.campaign import Campaign
from bidder.campaigns.dnf import Conjunction, TooManyConjunctions, conjunctions
from bidder.campaigns.goal import Rotation
from bidder.campaigns.implied_predicates import implied_predicates
from bidder.campaigns.request_fields_used import named_values, request_fields_used
from bidder.campaigns.targeted_ranges import LIST, range_values
from bidder.delivery.budget import BudgetLimits, budget_limits
from bidder.snapshot import container, records, sets
from bidder.snapshot.columns import column_sections
from bidder.snapshot.part import KIND
from bidder.snapshot.posting_lists import posting_list_sections
from bidder.snapshot.tier import ANYTHING, CLAUSE, EXCLUDE, GROWTH, INCLUDE, SIZES


class _Test(NamedTuple):
    """What a line says of one value of an attribute: it includes it, by a clause, or excludes it."""

    attribute: str
    clause: int
    side: str
    value: str


class _Entry(NamedTuple):
    """A campaign on its way into the index; each of its lines is the numbers of its tests."""

    top: int
    id: str
    zone: str
    terms: BudgetLimits
    learns: bool
    lists: frozenset[str]
    record: bytes
    lines: Sequence[Sequence[int]]


Clause = tuple[str, int]


def campaign_conjunctions(campaign: Campaign) -> Sequence[Conjunction]:
    """A campaign's lines; none, and it never bids, where its targeting can't be compiled."""
    try:
        request_fields_used(campaign)
        return conjunctions(campaign.targeting, campaign.where, campaign.time_zone)
    except TooManyConjunctions as error:
        log.error("campaign.uncompiled", campaign=campaign.id, reason=str(error))
        return ()


def compile_index(
    campaigns: Iterable[Campaign],
    gone: Iterable[str] = (),
    lines_of: Callable[[Campaign], Sequence[Conjunction]] = campaign_conjunctions,
    tier_sizes: tuple[int, int] = SIZES,
) -> bytes:
    """The index object of these campaigns, whatever their order: equal campaigns give equal bytes.

    `gone` are ids of campaigns that an object before this one has, and that are no more. `tier_sizes` are
    the lines of the first and the second tier.
    """
    numbers: dict[_Test, int] = {}
    also: dict[str, set[str]] = defaultdict(set)
    above: dict[str, set[str]] = defaultdict(set)
    entries = [_entry(campaign, lines_of(campaign), numbers, also, above) for campaign in campaigns]
    entries.sort(key=lambda entry: (-entry.top, entry.id))
    tests = list(numbers)
    values = _values(tests)
    ranks = {attribute: {value: rank for rank, value in enumerate(its)} for attribute, its in values.items()}
    clauses = _clauses(tests, entries)
    sections = {"values": _json(values)}
    starts: list[int] = []
    for number, (start, tier) in enumerate(_tiers(entries, *tier_sizes)):
        starts.append(start)
        sections |= _tier_sections(f"t{number}", tier, tests, ranks, clauses)
    sections |= column_sections(
        [e.id for e in entries],
        [e.zone for e in entries],
        [e.terms for e in entries],
        learners=[position for position, entry in enumerate(entries) if entry.learns],
    )
    sections |= records.sections([entry.record for entry in entries])
    meta = {"starts": starts, "clauses": clauses, "gone": sorted(gone), "also": _also(also), "above": _also(above)}
    meta["lists"] = _lists(entries)
    return container.pack(KIND, {"meta": _json(meta)} | sections)


def _entry(
    campaign: Campaign,
    conjunctions_of_campaign: Sequence[Conjunction],
    numbers: dict[_Test, int],
    also: dict[str, set[str]],
    above: dict[str, set[str]],
) -> _Entry:
    its_besides = request_fields_used(campaign) if conjunctions_of_campaign else {}
    for attribute, values in its_besides.items():
        also[attribute].update(range_values(attribute, values))
    for name, its in campaign.categories_below.items():
        for category in its:
            above[category].add(name)
    implied = implied_predicates(campaign)
    tested = [
        array("I", [numbers.setdefault(test, len(numbers)) for test in _tests({**line, **implied})])
        for line in conjunctions_of_campaign
    ]
    learns = campaign.goal is not None or campaign.rotation is Rotation.BEST
    return _Entry(
        campaign.top_cpm_micros,
        campaign.id,
        campaign.time_zone,
        budget_limits(campaign),
        learns,
        frozenset(named_values(LIST, conjunctions_of_campaign, its_besides)),
        records.encode(campaign),
        tested,
    )


def _tests(line: Conjunction) -> Iterator[_Test]:
    for attribute, predicate in line.items():
        for number, wanted in enumerate(predicate.any_of):
            for value in wanted:
                yield _Test(attribute, number, INCLUDE, value)
        for value in predicate.none_of:
            yield _Test(attribute, 0, EXCLUDE, value)


def _also(found: Mapping[str, set[str]]) -> dict[str, list[str]]:
    return {attribute: sorted(values) for attribute, values in sorted(found.items())}


def _lists(entries: Sequence[_Entry]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for position, entry in enumerate(entries):
        for name in entry.lists:
            found[name].append(position)
    return dict(sorted(found.items()))


def _values(tests: Iterable[_Test]) -> dict[str, list[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for test in tests:
        found[test.attribute].add(test.value)
    return {attribute: sorted(found[attribute]) for attribute in sorted(found)}


def _clauses(tests: Sequence[_Test], entries: Iterable[_Entry]) -> list[Clause]:
    """All clauses, the one that most lines make first: it leaves the fewest for the rest."""
    made: Counter[Clause] = Counter({(test.attribute, test.clause): 0 for test in tests})
    of = [(test.attribute, test.clause) if test.side == INCLUDE else None for test in tests]
    for entry in entries:
        for line in entry.lines:
            made.update({clause for number in line if (clause := of[number])})
    return sorted(made, key=lambda clause: (-made[clause], clause))


def _tiers(entries: Sequence[_Entry], most: int, most_next: int) -> Iterator[tuple[int, Sequence[_Entry]]]:
    """Runs of entries with so many lines at most, each longer than the one before, and where each begins."""
    start, size = 0, 0
    for position, entry in enumerate(entries):
        its = max(1, len(entry.lines))
        if size and size + its > most:
            yield start, entries[start:position]
            start, size = position, 0
            most, most_next = most_next, most_next * GROWTH
        size += its
    if entries:
        yield start, entries[start:]


def _tier_sections(
    name: str,
    tier: Sequence[_Entry],
    tests: Sequence[_Test],
    ranks: Mapping[str, Mapping[str, int]],
    clauses: Sequence[Clause],
) -> dict[str, bytes]:
    placed, owners = _placed(tier)
    by_test: dict[int, list[int]] = defaultdict(list)
    for position, line in placed:
        for number in line:
            by_test[number].append(position)
    rows: dict[tuple[Clause, str], dict[int, list[int]]] = defaultdict(dict)
    demanding: dict[Clause, set[int]] = defaultdict(set)
    for number, positions in by_test.items():
        test = tests[number]
        clause = (test.attribute, test.clause)
        rows[clause, test.side][ranks[test.attribute][test.value]] = positions
        if test.side == INCLUDE:
            demanding[clause].update(positions)
    able = [position for position, _ in placed]
    sections = {
        f"{name}.able": sets.dump(able),
        f"{name}.tops": array("Q", [entry.top for entry in tier]).tobytes(),
        f"{name}.owner_of": array("I", owners).tobytes(),
    }
    for clause in clauses:
        if not rows.keys() & {(clause, INCLUDE), (clause, EXCLUDE)}:
            continue
        anything = [position for position in able if position not in demanding[clause]]
        its_name = CLAUSE.format(name, *clause)
        sections[f"{its_name}.{ANYTHING}"] = sets.dump(anything)
        for side in (INCLUDE, EXCLUDE):
            sections |= posting_list_sections(f"{its_name}.{side}", rows[clause, side], len(ranks[clause[0]]))
    return sections


def _placed(tier: Sequence[_Entry]) -> tuple[list[tuple[int, Sequence[int]]], list[int]]:
    """Each line with its position, ascending, and whose the further lines are."""
    first = [(position, entry.lines[0]) for position, entry in enumerate(tier) if entry.lines]
    further = [(position, line) for position, entry in enumerate(tier) for line in entry.lines[1:]]
    placed = first + [(len(tier) + number, line) for number, (_, line) in enumerate(further)]
    return placed, [owner for owner, _ in further]


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
