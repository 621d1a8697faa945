"""Campaign files, checked as a whole before anything is stored: YAML and CSV for people, JSON Lines for programs."""

import json
import pickle
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from io import BytesIO
from itertools import chain
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from pydantic import ValidationError

from bidder.campaigns.absolute_urls import with_absolute_urls
from bidder.campaigns.advertiser_limits import AdvertiserLimits
from bidder.campaigns.advertiser_owner import with_owner, without_owner
from bidder.campaigns.campaign import Campaign
from bidder.campaigns.categories import with_taxonomies
from bidder.campaigns.creative import LONGEST_SECONDS
from bidder.campaigns.csv_files import csv_list, read_csv
from bidder.campaigns.csv_head import is_csv
from bidder.campaigns.file_checks import CheckContext, Finding, advertiser_findings, findings
from bidder.campaigns.file_form import file_form
from bidder.campaigns.joined_values import ListForm, joined_values
from bidder.campaigns.partial import all_parts, valid_parts
from bidder.campaigns.targeting import AttributeRule, Expression
from bidder.campaigns.taxonomy import Taxonomy
from bidder.campaigns.types import PATTERNS
from bidder.files.json_line import read_json_line, tree_of_line, without_positions
from bidder.files.mistakes import Mistake, Vocabulary, as_written, line, mistakes
from bidder.files.text import InvalidFile, lines_of
from bidder.files.tree import Node, Position, position_of
from bidder.files.yaml_tree import read_yaml
from bidder.money import MICROS

if TYPE_CHECKING:
    from bidder.faults import Path

WARN_CPM_MICROS = 100 * MICROS

_IN_MEMORY = 50_000_000
"""The most bytes of checked campaigns in memory; more are kept in a temporary file."""
_MAX_MISTAKES = 1_000
_LONGEST_PLACED = 200_000
"""The most characters of a JSON line whose mistakes get columns: a second, 30 times slower parse finds them."""
_WORDS = Vocabulary(PATTERNS, frozenset({"owner", "categories_above", "categories_below"}), {Expression: AttributeRule})
_LISTS = ("advertisers", "campaigns")
"""The keys of a YAML file."""
_YAML_IN_A_LINE = re.compile(r"""\{\s*["']?(campaigns|advertisers)["']?\s*:""")


class InvalidCampaignFile(InvalidFile):
    """The file cannot be imported; the message has a line for each mistake, and the number of mistakes."""

    def __init__(self, mistakes: Sequence[str], name: str) -> None:
        self.count = len(mistakes)
        more = [f"… and {len(mistakes) - _MAX_MISTAKES:,} more"] if len(mistakes) > _MAX_MISTAKES else []
        closing = f"{len(mistakes):,} {'mistake' if len(mistakes) == 1 else 'mistakes'} in {name}: nothing was imported"
        super().__init__("\n".join([*mistakes[:_MAX_MISTAKES], *more, closing]))


class _Written(NamedTuple):
    """A campaign or an advertiser's limits as the file states them, with the name in messages and the positions."""

    subject: str
    document: Mapping[str, Any]
    tree: Callable[[], Node]
    list_form: ListForm

    @property
    def is_advertiser(self) -> bool:
        """Whether the document has the limits of an advertiser: it names a domain, as campaigns do not."""
        return "domain" in self.document and "creatives" not in self.document


class CampaignFile:
    """A campaign file that was checked as a whole, in one pass. Its campaigns can be iterated several times.

    The checked campaigns are kept in memory, or in a temporary file if they are many.
    """

    def __init__(
        self,
        file: BinaryIO,
        name: str,
        media_url: str | None,
        taxonomies: Mapping[int, Taxonomy] | None = None,
        warn_cpm_micros: int = WARN_CPM_MICROS,
        now: datetime | None = None,
    ) -> None:
        """Reads `file` to its end: JSON Lines where its first line is a campaign, CSV where that is a head, else YAML.

        `name` is what messages call it. Relative media URLs are resolved against `media_url`, a base ending in `/`;
        `taxonomies` say what their categories are above and below. Raises InvalidCampaignFile, naming each mistake by
        line, column, campaign and field.
        """
        self.warnings: list[str] = []
        self.advertisers: list[AdvertiserLimits] = []
        """The limits of advertisers that the file states."""
        self._name = name
        self._media_url = media_url
        is_local = bool(media_url and re.match(r"https?://(127\.|localhost[:/]|\[::1\])", media_url))
        self._known = CheckContext(now or datetime.now(UTC), taxonomies or {}, warn_cpm_micros, is_local)
        self._count = 0
        self._spool = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  # open for the lifetime of this object
        mistake_lines: list[str] = []
        lines_by_id: dict[str, int] = {}
        try:
            for written in _written(lines_of(file, name), name):
                if written.is_advertiser:
                    self._check_advertiser(written, mistake_lines)
                else:
                    self._check(written, mistake_lines, lines_by_id)
        except InvalidFile as error:
            raise InvalidCampaignFile([*mistake_lines, *str(error).splitlines()], name) from None
        if mistake_lines:
            raise InvalidCampaignFile(mistake_lines, name)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Campaign]:
        offset = 0
        for _ in range(self._count):
            self._spool.seek(offset)
            campaign: Campaign = pickle.load(self._spool)  # noqa: S301  # this object wrote the data itself
            offset = self._spool.tell()
            yield campaign

    def _check(self, written: _Written, mistake_lines: list[str], lines_by_id: dict[str, int]) -> None:
        file_findings: list[Finding] = []
        document = _with_durations(with_owner(with_absolute_urls(written.document, self._media_url, file_findings)))
        try:
            campaign = Campaign.model_validate(document)
        except ValidationError as error:
            file_findings += [Finding(*mistake) for mistake in mistakes(error, Campaign, written.document, _WORDS)]
            parts = valid_parts(document)
        else:
            parts = all_parts(campaign)
        file_findings += findings(written.document, parts, self._known)
        mistaken = {finding.path for finding in file_findings if not finding.is_warning}
        joined = [Finding(*value) for value in joined_values(written.document, written.list_form)]
        joined = [finding for finding in joined if not (finding.is_warning and finding.path in mistaken)]
        joined_paths = {finding.path for finding in joined}
        file_findings = [*joined, *(finding for finding in file_findings if finding.path not in joined_paths)]
        identity = written.document.get("id")
        if isinstance(identity, str):
            here = written.tree().position.line if file_findings or identity in lines_by_id else -1
            if identity in lines_by_id:
                file_findings.append(Finding(("id",), "the id is given to more than one campaign"))
            lines_by_id.setdefault(identity, here)
        if file_findings:
            self._report(written, file_findings, mistake_lines)
        if not mistake_lines:
            pickle.dump(with_taxonomies(campaign, self._known.taxonomies), self._spool)
            self._count += 1

    def _check_advertiser(self, written: _Written, mistake_lines: list[str]) -> None:
        limit_findings: list[Finding] = []
        try:
            limits = AdvertiserLimits.model_validate(written.document)
        except ValidationError as error:
            limit_findings += [
                Finding(*mistake) for mistake in mistakes(error, AdvertiserLimits, written.document, _WORDS)
            ]
        else:
            limit_findings += advertiser_findings(written.document, limits, self._known)
            if any(limits.domain == other_limits.domain for other_limits in self.advertisers):
                limit_findings.append(Finding(("domain",), "the domain is given to more than one advertiser"))
            self.advertisers.append(limits)
        if limit_findings:
            self._report(written, limit_findings, mistake_lines)

    def _report(self, written: _Written, file_findings: Sequence[Finding], mistake_lines: list[str]) -> None:
        """Adds a line for each finding to `mistake_lines` or to the warnings, in the order of the file."""
        tree = written.tree()
        placed: dict[tuple[Path, str], tuple[Position, bool]] = {}
        for path, message, is_warning in file_findings:
            written_path = as_written(path, written.document)
            placed.setdefault((written_path, message), (position_of(tree, written_path), is_warning))
        for (path, message), (position, is_warning) in sorted(placed.items(), key=lambda pair: pair[1][0]):
            message = line(position, Mistake(path, message), written.document, self._name, written.subject)
            (self.warnings if is_warning else mistake_lines).append(message)


def read_campaigns(
    text: str, media_url: str | None, taxonomies: Mapping[int, Taxonomy] | None = None, name: str = "file"
) -> list[Campaign]:
    """The campaigns of a file's text, all of them. Raises InvalidCampaignFile: see `CampaignFile`."""
    return list(CampaignFile(BytesIO(text.encode()), name, media_url, taxonomies))


def as_yaml(campaigns: Iterable[Campaign], advertisers: Iterable[AdvertiserLimits] = ()) -> str:
    """The campaigns and the limits of advertisers as YAML text, which `CampaignFile` reads back."""
    import yaml  # imported here, since Lambda does not have it

    limits = list(map(_advertiser_document, advertisers))
    document = {**({"advertisers": limits} if limits else {}), "campaigns": list(map(_document, campaigns))}
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True)


def as_lines(campaigns: Iterable[Campaign], advertisers: Iterable[AdvertiserLimits] = ()) -> Iterator[str]:
    """The limits of advertisers and the campaigns as JSON Lines, one of them for each line."""
    documents = chain(map(_advertiser_document, advertisers), map(_document, campaigns))
    return (json.dumps(document, ensure_ascii=False, separators=(",", ":")) for document in documents)


def _advertiser_document(limits: AdvertiserLimits) -> dict[str, Any]:
    return file_form(limits.model_dump(mode="json", exclude_defaults=True))


def _document(campaign: Campaign) -> dict[str, Any]:
    # The status is always written, so that importing the file also restores which campaigns are paused.
    document = without_owner(file_form(campaign.model_dump(mode="json", exclude_defaults=True)))
    return {"id": campaign.id, "status": campaign.status.value, **document}


def _written(lines: Iterator[str], name: str) -> Iterator[_Written]:
    """The campaigns of a file's lines, as the file states them."""
    blank: list[str] = []
    for first in lines:
        if first.strip():
            whole_file = chain([*blank, first], lines)
            if _is_json_lines(first, name):
                return _of_lines(whole_file, name)
            if is_csv(first, name):
                return (_of_node(*numbered, csv_list) for numbered in enumerate(read_csv(whole_file, name)))
            return _of_yaml("".join(whole_file), name)
        blank.append(first)
    msg = f"{name}: is empty"
    raise InvalidFile(msg)


def _is_json_lines(first: str, name: str) -> bool:
    text = first.strip()
    if name.endswith((".jsonl", ".ndjson")):
        return True
    return text.startswith("{") and text.endswith("}") and not _YAML_IN_A_LINE.match(text)


def _of_lines(lines: Iterable[str], name: str) -> Iterator[_Written]:
    for number, text in enumerate(lines, start=1):
        if text.strip():
            document = read_json_line(text, name, number)
            tree = partial(_tree, text, name, number)
            yield _Written(_subject(document, f"line {number}"), document, tree, _json_list)


def _tree(text: str, name: str, number: int) -> Node:
    if len(text) > _LONGEST_PLACED:
        return without_positions(number)
    try:
        return tree_of_line(text, name, number)
    except InvalidFile:  # JSON that is no YAML
        return without_positions(number)


def _of_yaml(text: str, name: str) -> Iterator[_Written]:
    root = read_yaml(text, name)
    top = root.value if isinstance(root.value, dict) else {}
    lists = [_list_items(root, key, name) for key in _LISTS if key in top] or [_list_items(root, "campaigns", name)]
    for key in top.keys() - set(_LISTS):
        where = root.key_positions[key]
        msg = f"{name}:{where.line}:{where.column}: {key[:60]}: not known; a file has campaigns and advertisers alone"
        raise InvalidFile(msg)
    for number, node in chain.from_iterable(map(enumerate, lists)):
        yield _of_node(number, node, _yaml_list)


def _list_items(root: Node, key: str, name: str) -> list[Node]:
    """The items of the list at a key of the file. Raises InvalidFile."""
    listed = root.value.get(key) if isinstance(root.value, dict) else None
    if listed is None or not isinstance(listed.value, list):
        where = root.position if listed is None else listed.position
        msg = f"{name}:{where.line}:{where.column}: {key}: is missing, or no list: write {key}: and a list below"
        raise InvalidFile(msg)
    for number, node in enumerate(listed.value):
        if not isinstance(node.value, dict):
            where = node.position
            kind = {"advertisers": "an advertiser", "campaigns": "a campaign"}[key]
            at = f"{name}:{where.line}:{where.column}"
            msg = f"{at}: {key}[{number}]: is not {kind}: give its keys and values"
            raise InvalidFile(msg)
    return listed.value


def _of_node(number: int, node: Node, list_form: ListForm) -> _Written:
    document: Any = node.plain()
    return _Written(_subject(document, f"campaigns[{number}]"), document, lambda: node, list_form)


def _yaml_list(values: Sequence[str]) -> str:
    return f"[{', '.join(repr(value) if ',' in value else value for value in values)}]"


def _json_list(values: Sequence[str]) -> str:
    return json.dumps(values, ensure_ascii=False)


def _subject(document: Mapping[str, Any], otherwise: str) -> str:
    identity = document.get("id", document.get("domain"))
    return identity[:64] if isinstance(identity, str) and identity else otherwise


def _with_durations(document: dict[str, Any]) -> dict[str, Any]:
    """Fills in the longest duration for uploads without one. Transcoding measures the real duration."""
    creatives = document.get("creatives")
    if not isinstance(creatives, list):
        return document
    filled = [
        {**creative, "duration": LONGEST_SECONDS}
        if isinstance(creative, dict) and "upload" in creative and "duration" not in creative
        else creative
        for creative in creatives
    ]
    return {**document, "creatives": filled}
