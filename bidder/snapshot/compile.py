"""Compiles campaigns into an index object.

`bidder.snapshot.container` documents the form of the object, and `bidder.snapshot.part` reads it. The compiler takes
campaigns singly and keeps of each only the record and the numbers of tests, so memory grows with the records and not
with the decoded campaigns.
"""

import json
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from bidder import log
from bidder.campaigns.campaign import Campaign, CapLevel, CapSubject
from bidder.campaigns.dnf import Conjunction, TooManyConjunctions, conjunctions
from bidder.campaigns.goal import Outcome, Rotation
from bidder.campaigns.implied_predicates import LENGTH, implied_predicates, length_predicate
from bidder.campaigns.request_fields_used import named_values, request_fields_used
from bidder.campaigns.targeted_ranges import LIST, range_values
from bidder.delivery.budget import BudgetLimits, budget_limits, deal_limits
from bidder.snapshot import container, records, sets
from bidder.snapshot.columns import column_sections
from bidder.snapshot.part import KIND
from bidder.snapshot.tier import ANYTHING, CLAUSE, EXCLUDE, GROWTH, INCLUDE, SIZES, posting_list_sections


class _Test(NamedTuple):
    """One value of an attribute in a conjunction: included by a clause, or excluded."""

    attribute: str
    clause: int
    side: str
    value: str


class _Entry(NamedTuple):
    """A compiled campaign; a conjunction is a sequence of the numbers of tests."""

    top_cpm_micros: int
    top_open_cpm_micros: int
    id: str
    zone: str
    limits: BudgetLimits
    domain: str
    deals: Mapping[str, BudgetLimits]
    is_learner: bool
    goal: Outcome | None
    lists: frozenset[str]
    counts_households: bool
    record: bytes
    conjunctions: Sequence[Sequence[int]]


Clause = tuple[str, int]


def campaign_conjunctions(campaign: Campaign) -> Sequence[Conjunction]:
    """The conjunctions of a campaign. A campaign whose targeting is too long has none, and so never bids."""
    try:
        request_fields_used(campaign)
        return conjunctions(campaign.targeting, campaign.where, campaign.time_zone)
    except TooManyConjunctions as error:
        log.error("campaign.uncompiled", campaign=campaign.id, reason=str(error))
        return ()


def compile_index(
    campaigns: Iterable[Campaign],
    removed_ids: Iterable[str] = (),
    conjunctions_of: Callable[[Campaign], Sequence[Conjunction]] = campaign_conjunctions,
    tier_sizes: tuple[int, int] = SIZES,
) -> bytes:
    """The index object of these campaigns. Equal campaigns give equal bytes in whichever order they come.

    `removed_ids` are ids of campaigns that were deleted since an earlier object of the index. `tier_sizes` are the most
    conjunctions of the first and the second tier.
    """
    test_numbers: dict[_Test, int] = {}
    extra_values: dict[str, set[str]] = defaultdict(set)
    ancestors: dict[str, set[str]] = defaultdict(set)
    entries = [
        _entry(campaign, conjunctions_of(campaign), test_numbers, extra_values, ancestors) for campaign in campaigns
    ]
    entries.sort(key=lambda entry: (-entry.top_cpm_micros, entry.id))
    tests = list(test_numbers)
    values = _values_by_attribute(tests)
    ranks = {
        attribute: {value: rank for rank, value in enumerate(attribute_values)}
        for attribute, attribute_values in values.items()
    }
    clauses = _clauses(tests, entries)
    sections = {"values": _json(values)}
    starts: list[int] = []
    for number, (start, tier) in enumerate(_split_into_tiers(entries, *tier_sizes)):
        starts.append(start)
        sections |= _tier_sections(f"t{number}", tier, tests, ranks, clauses)
    sections |= column_sections(
        [entry.id for entry in entries],
        [entry.zone for entry in entries],
        [entry.limits for entry in entries],
        learners=[position for position, entry in enumerate(entries) if entry.is_learner],
        domains=[entry.domain for entry in entries],
        deals=[entry.deals for entry in entries],
        goals=[entry.goal for entry in entries],
        open_tops=[entry.top_open_cpm_micros for entry in entries],
    )
    sections |= records.sections([entry.record for entry in entries])
    meta = {
        "starts": starts,
        "clauses": [clause for clause in clauses if clause[0] != LENGTH],
        "added_clauses": [clause for clause in clauses if clause[0] == LENGTH],
        "gone": sorted(removed_ids),
        "also": _sorted_values(extra_values),
        "above": _sorted_values(ancestors),
    }
    meta["lists"] = _positions_by_list(entries)
    if domains := sorted({entry.domain for entry in entries if entry.counts_households}):
        meta["households"] = domains
    return container.pack(KIND, {"meta": _json(meta)} | sections)


def _entry(
    campaign: Campaign,
    conjunctions_of_campaign: Sequence[Conjunction],
    test_numbers: dict[_Test, int],
    extra_values: dict[str, set[str]],
    ancestors: dict[str, set[str]],
) -> _Entry:
    request_fields = request_fields_used(campaign) if conjunctions_of_campaign else {}
    for attribute, values in request_fields.items():
        extra_values[attribute].update(range_values(attribute, values))
    for name, descendants in campaign.categories_below.items():
        for category in descendants:
            ancestors[category].add(name)
    implied_conjunction = {**implied_predicates(campaign), LENGTH: length_predicate(campaign)}
    numbered_conjunctions = []
    for conjunction in conjunctions_of_campaign:
        tests = _list_tests({**conjunction, **implied_conjunction})
        numbered_conjunctions.append(array("I", [test_numbers.setdefault(test, len(test_numbers)) for test in tests]))
    is_learner = campaign.goal is not None or campaign.rotation is Rotation.BEST
    return _Entry(
        campaign.top_cpm_micros,
        campaign.top_open_cpm_micros,
        campaign.id,
        campaign.time_zone,
        budget_limits(campaign),
        campaign.advertiser.domain,
        deal_limits(campaign),
        is_learner,
        campaign.goal.outcome if campaign.goal else None,
        frozenset(named_values(LIST, conjunctions_of_campaign, request_fields)),
        any(cap.level is CapLevel.ADVERTISER and cap.per is CapSubject.HOUSEHOLD for cap in campaign.frequency_caps),
        records.encode(campaign),
        numbered_conjunctions,
    )


def _list_tests(conjunction: Conjunction) -> Iterator[_Test]:
    for attribute, predicate in conjunction.items():
        for number, accepted_values in enumerate(predicate.any_of):
            for value in accepted_values:
                yield _Test(attribute, number, INCLUDE, value)
        for value in predicate.none_of:
            yield _Test(attribute, 0, EXCLUDE, value)


def _sorted_values(by_name: Mapping[str, set[str]]) -> dict[str, list[str]]:
    return {name: sorted(values) for name, values in sorted(by_name.items())}


def _positions_by_list(entries: Sequence[_Entry]) -> dict[str, list[int]]:
    positions: dict[str, list[int]] = defaultdict(list)
    for position, entry in enumerate(entries):
        for name in entry.lists:
            positions[name].append(position)
    return dict(sorted(positions.items()))


def _values_by_attribute(tests: Iterable[_Test]) -> dict[str, list[str]]:
    values: dict[str, set[str]] = defaultdict(set)
    for test in tests:
        values[test.attribute].add(test.value)
    return _sorted_values(values)


def _clauses(tests: Sequence[_Test], entries: Iterable[_Entry]) -> list[Clause]:
    """All clauses, the one in most conjunctions first, since it removes the most."""
    uses: Counter[Clause] = Counter({(test.attribute, test.clause): 0 for test in tests})
    clause_by_test = [(test.attribute, test.clause) if test.side == INCLUDE else None for test in tests]
    for entry in entries:
        for conjunction in entry.conjunctions:
            uses.update({clause for number in conjunction if (clause := clause_by_test[number])})
    return sorted(uses, key=lambda clause: (-uses[clause], clause))


def _split_into_tiers(
    entries: Sequence[_Entry], max_conjunctions: int, next_max_conjunctions: int
) -> Iterator[tuple[int, Sequence[_Entry]]]:
    """The start and the entries of each tier. From the third on, a tier is `GROWTH` times the tier before."""
    start, size = 0, 0
    for position, entry in enumerate(entries):
        conjunction_count = max(1, len(entry.conjunctions))
        if size and size + conjunction_count > max_conjunctions:
            yield start, entries[start:position]
            start, size = position, 0
            max_conjunctions, next_max_conjunctions = next_max_conjunctions, next_max_conjunctions * GROWTH
        size += conjunction_count
    if entries:
        yield start, entries[start:]


def _tier_sections(
    name: str,
    tier: Sequence[_Entry],
    tests: Sequence[_Test],
    ranks: Mapping[str, Mapping[str, int]],
    clauses: Sequence[Clause],
) -> dict[str, bytes]:
    positioned_conjunctions, owners = _assign_positions(tier)
    positions_by_test: dict[int, list[int]] = defaultdict(list)
    for position, conjunction in positioned_conjunctions:
        for number in conjunction:
            positions_by_test[number].append(position)
    rows: dict[tuple[Clause, str], dict[int, list[int]]] = defaultdict(dict)
    positions_by_clause: dict[Clause, set[int]] = defaultdict(set)
    for number, positions in positions_by_test.items():
        test = tests[number]
        clause = (test.attribute, test.clause)
        rows[clause, test.side][ranks[test.attribute][test.value]] = positions
        if test.side == INCLUDE:
            positions_by_clause[clause].update(positions)
    matchable_positions = [position for position, _ in positioned_conjunctions]
    sections = {
        f"{name}.able": sets.dump(matchable_positions),
        f"{name}.tops": array("Q", [entry.top_cpm_micros for entry in tier]).tobytes(),
        f"{name}.owner_of": array("I", owners).tobytes(),
    }
    for clause in clauses:
        if not rows.keys() & {(clause, INCLUDE), (clause, EXCLUDE)}:
            continue
        anything = [position for position in matchable_positions if position not in positions_by_clause[clause]]
        prefix = CLAUSE.format(name, *clause)
        sections[f"{prefix}.{ANYTHING}"] = sets.dump(anything)
        for side in (INCLUDE, EXCLUDE):
            sections |= posting_list_sections(f"{prefix}.{side}", rows[clause, side], len(ranks[clause[0]]))
    return sections


def _assign_positions(tier: Sequence[_Entry]) -> tuple[list[tuple[int, Sequence[int]]], list[int]]:
    """Each conjunction with its position, ascending, and the owners of the further conjunctions."""
    positioned_conjunctions = [
        (position, entry.conjunctions[0]) for position, entry in enumerate(tier) if entry.conjunctions
    ]
    owners: list[int] = []
    for owner, entry in enumerate(tier):
        for conjunction in entry.conjunctions[1:]:
            positioned_conjunctions.append((len(tier) + len(owners), conjunction))
            owners.append(owner)
    return positioned_conjunctions, owners


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
