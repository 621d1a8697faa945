"""Campaign files, checked as a whole before anything is stored: YAML for people, JSON Lines for programs."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from io import StringIO
from typing import TYPE_CHECKING, Any, TextIO
from urllib.parse import urljoin
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from bidder.campaigns.campaign import Campaign
from bidder.campaigns.categories import with_taxonomies
from bidder.campaigns.dnf import TooManyConjunctions, conjunctions
from bidder.campaigns.names import too_long
from bidder.campaigns.request_fields_used import creative_conjunctions, named_values, request_fields_used
from bidder.campaigns.targeting_values import CHECKED, impossible_values
from bidder.campaigns.taxonomy import Taxonomy
from bidder.faults import faults

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList


class InvalidCampaignFile(ValueError):
    """The file can't be imported; the message has a line for each thing that is wrong."""


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    campaigns: list[dict[str, Any]]


_DOCUMENT = TypeAdapter(dict[str, Any])


class CampaignFile:
    """A file that was checked as a whole. Its campaigns can be gone through again and again.

    Of JSON Lines one campaign at a time is in memory, however many there are: they are read from the file anew.
    """

    def __init__(
        self, opened: Callable[[], TextIO], media_url: str | None, taxonomies: Mapping[int, Taxonomy] | None = None
    ) -> None:
        """`opened` opens the file: YAML, or JSON Lines where the first line is a campaign by itself.

        Relative media URLs are resolved against `media_url`, a base ending in `/`; `taxonomies` say what their
        categories are above and below. Raises InvalidCampaignFile, naming each wrong field by campaign and path.
        """
        self._opened = opened
        self._media_url = media_url
        self._taxonomies = taxonomies or {}
        with opened() as file:
            self._is_lines = _is_json_lines(file)
        self._held: list[Campaign] | None = None
        wrong: list[str] = []
        ids: Counter[str] = Counter()
        held: list[Campaign] = []
        for campaign in self._read(wrong):
            ids[campaign.id] += 1
            if not self._is_lines:
                held.append(campaign)
        wrong += [f"{name}: the id is given to more than one campaign" for name in sorted(ids) if ids[name] > 1]
        if wrong:
            raise InvalidCampaignFile("\n".join(wrong))
        self._count = ids.total()
        self._held = None if self._is_lines else held

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Campaign]:
        if self._held is not None:
            yield from self._held
            return
        wrong: list[str] = []
        for campaign in self._read(wrong):
            if wrong:
                break
            yield campaign
        if wrong:
            raise InvalidCampaignFile("the file changed while it was read:\n" + "\n".join(wrong))

    def _read(self, wrong: list[str]) -> Iterator[Campaign]:
        """The campaigns; what is wrong with the others is added to `wrong`."""
        with self._opened() as file:
            for name, document in _of_lines(file) if self._is_lines else _of_yaml(file):
                try:
                    campaign = Campaign.model_validate(_with_owner(_with_absolute_media(document, self._media_url)))
                except ValidationError as error:
                    wrong += _lines(name, error)
                else:
                    wrong += [f"{name}: {fault}" for fault in _faults_of_whole(campaign)]
                    yield with_taxonomies(campaign, self._taxonomies)


def read_campaigns(
    text: str, media_url: str | None, taxonomies: Mapping[int, Taxonomy] | None = None
) -> list[Campaign]:
    """The campaigns of a file's text, all of them. Raises InvalidCampaignFile: see `CampaignFile`."""
    return list(CampaignFile(lambda: StringIO(text), media_url, taxonomies))


def as_yaml(campaigns: Iterable[Campaign]) -> str:
    """A file that `read_campaigns` makes the same campaigns of."""
    import yaml  # on laptops only: it doesn't ship to Lambda

    return yaml.safe_dump({"campaigns": list(map(_document, campaigns))}, sort_keys=False, allow_unicode=True)


def as_lines(campaigns: Iterable[Campaign]) -> Iterator[str]:
    """The same as JSON Lines, one campaign a line."""
    return (json.dumps(_document(campaign), separators=(",", ":")) for campaign in campaigns)


def _document(campaign: Campaign) -> dict[str, Any]:
    # With the status, which is left out at its default: who restores a file wants what was paused to be paused.
    stated = campaign.model_dump(mode="json", exclude_defaults=True)
    return {"id": campaign.id, "status": campaign.status.value, **stated}


def _is_json_lines(file: Iterable[str]) -> bool:
    try:
        first = json.loads(next(filter(str.strip, file), ""))
    except ValueError:
        return False
    return isinstance(first, dict) and "campaigns" not in first


def _of_lines(file: Iterable[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, line in enumerate(file, start=1):
        if line.strip():
            try:
                document = _DOCUMENT.validate_json(line)
            except ValidationError as error:
                raise InvalidCampaignFile("\n".join(_lines(f"line {number}", error))) from None
            yield str(document.get("id", f"line {number}")), document


def _of_yaml(file: TextIO) -> Iterator[tuple[str, dict[str, Any]]]:
    import yaml  # as above

    try:
        documents = _File.model_validate(yaml.safe_load(file)).campaigns
    except yaml.YAMLError as error:
        msg = f"not YAML: {error}"
        raise InvalidCampaignFile(msg) from None
    except ValidationError as error:
        raise InvalidCampaignFile("\n".join(_lines("file", error))) from None
    for position, document in enumerate(documents):
        yield str(document.get("id", f"campaigns[{position}]")), document


def _faults_of_whole(campaign: Campaign) -> Iterator[str]:
    """What is wrong with a campaign that bids needn't look for again."""
    if campaign.time_zone not in _zones():
        yield f"time_zone: {campaign.time_zone} is no zone of the IANA database, such as Europe/Berlin"
    if advice := too_long(campaign):
        yield advice
    try:
        its_lines = conjunctions(campaign.targeting, campaign.where, campaign.time_zone)
    except TooManyConjunctions as error:
        yield f"where: {error}"
        return
    for creative in campaign.creatives:
        try:
            creative_conjunctions(creative, campaign.time_zone)
        except TooManyConjunctions as error:
            yield f"creatives[{creative.id}].where: {error}"
            return
    for attribute in CHECKED:
        yield from impossible_values(attribute, named_values(attribute, its_lines, request_fields_used(campaign)))


def _with_absolute_media(document: dict[str, Any], media_url: str | None) -> dict[str, Any]:
    if not media_url:
        return document

    def resolve(value: object) -> object:
        if isinstance(value, dict):
            return {
                key: urljoin(media_url, item) if key == "url" and isinstance(item, str) else resolve(item)
                for key, item in value.items()
            }
        return [resolve(item) for item in value] if isinstance(value, list) else value

    return {key: resolve(value) if key == "creatives" else value for key, value in document.items()}


def _with_owner(document: dict[str, Any]) -> dict[str, Any]:
    """Fills in the registered part of the advertiser's domain, which takes the public suffix list to know."""
    advertiser = document.get("advertiser")
    if not isinstance(advertiser, dict) or "owner" in advertiser or not isinstance(advertiser.get("domain"), str):
        return document
    owner = _suffixes().privatesuffix(advertiser["domain"].lower())
    return {**document, "advertiser": {**advertiser, "owner": owner}} if owner else document


@cache  # for 200 campaigns the list and the zones were read 200 times, which took 27 of 28 seconds
def _suffixes() -> "PublicSuffixList":
    from publicsuffixlist import PublicSuffixList  # on laptops only

    return PublicSuffixList()


@cache
def _zones() -> set[str]:
    return available_timezones()


def _lines(name: str, error: ValidationError) -> list[str]:
    return [f"{name}: {fault}" for fault in faults(error, "campaign")]
