"""Campaign files, checked as a whole before anything is stored: YAML for people, JSON Lines for programs."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urljoin
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from bidder.campaigns.besides import besides, creative_lines, named_values
from bidder.campaigns.campaign import Campaign
from bidder.campaigns.categories import with_taxonomies
from bidder.campaigns.lines import TooManyLines, lines
from bidder.campaigns.names import too_long
from bidder.campaigns.spelling import CHECKED, misspelled
from bidder.campaigns.taxonomy import Taxonomy
from bidder.faults import faults


class InvalidCampaignFile(ValueError):
    """The file can't be imported; the message has a line for each thing that is wrong."""


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    campaigns: list[dict[str, Any]]


_DOCUMENT = TypeAdapter(dict[str, Any])


def read_campaigns(
    text: str, media_url: str | None, taxonomies: Mapping[int, Taxonomy] | None = None
) -> list[Campaign]:
    """The campaigns of a file: YAML, or JSON Lines where the first line is a campaign by itself.

    Relative media URLs are resolved against `media_url`, a base ending in `/`; `taxonomies` say what their categories
    are above and below. Raises InvalidCampaignFile, naming each wrong field by campaign and path.
    """
    campaigns: list[Campaign] = []
    wrong: list[str] = []
    for name, document in _of_lines(text) if _is_json_lines(text) else _of_yaml(text):
        try:
            campaign = Campaign.model_validate(_with_owner(_with_absolute_media(document, media_url)))
        except ValidationError as error:
            wrong += _lines(name, error)
        else:
            campaigns.append(with_taxonomies(campaign, taxonomies or {}))
            wrong += [f"{name}: {fault}" for fault in _faults_of_whole(campaign)]
    ids = [campaign.id for campaign in campaigns]
    wrong += [f"{twice}: the id is given to more than one campaign" for twice in sorted(_repeated(ids))]
    if wrong:
        raise InvalidCampaignFile("\n".join(wrong))
    return campaigns


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


def _is_json_lines(text: str) -> bool:
    try:
        first = json.loads(text.lstrip().partition("\n")[0])
    except ValueError:
        return False
    return isinstance(first, dict) and "campaigns" not in first


def _of_lines(text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            try:
                document = _DOCUMENT.validate_json(line)
            except ValidationError as error:
                raise InvalidCampaignFile("\n".join(_lines(f"line {number}", error))) from None
            yield str(document.get("id", f"line {number}")), document


def _of_yaml(text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    import yaml  # as above

    try:
        documents = _File.model_validate(yaml.safe_load(text)).campaigns
    except yaml.YAMLError as error:
        msg = f"not YAML: {error}"
        raise InvalidCampaignFile(msg) from None
    except ValidationError as error:
        raise InvalidCampaignFile("\n".join(_lines("file", error))) from None
    for position, document in enumerate(documents):
        yield str(document.get("id", f"campaigns[{position}]")), document


def _faults_of_whole(campaign: Campaign) -> Iterator[str]:
    """What is wrong with a campaign that bids needn't look for again."""
    if campaign.time_zone not in available_timezones():
        yield f"time_zone: {campaign.time_zone} is no zone of the IANA database, such as Europe/Berlin"
    if advice := too_long(campaign):
        yield advice
    try:
        its_lines = lines(campaign.targeting, campaign.where, campaign.time_zone)
    except TooManyLines as error:
        yield f"where: {error}"
        return
    for creative in campaign.creatives:
        try:
            creative_lines(creative, campaign.time_zone)
        except TooManyLines as error:
            yield f"creatives[{creative.id}].where: {error}"
            return
    for attribute in CHECKED:
        yield from misspelled(attribute, named_values(attribute, its_lines, besides(campaign)))


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
    from publicsuffixlist import PublicSuffixList  # on laptops only

    advertiser = document.get("advertiser")
    if not isinstance(advertiser, dict) or "owner" in advertiser or not isinstance(advertiser.get("domain"), str):
        return document
    owner = PublicSuffixList().privatesuffix(advertiser["domain"].lower())
    return {**document, "advertiser": {**advertiser, "owner": owner}} if owner else document


def _lines(name: str, error: ValidationError) -> list[str]:
    return [f"{name}: {fault}" for fault in faults(error, "campaign")]


def _repeated(ids: Iterable[str]) -> set[str]:
    return {name for name, times in Counter(ids).items() if times > 1}
