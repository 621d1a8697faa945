"""The index: campaigns best price first, and for each targeted attribute the sets of those that take or refuse a value.

A set of campaigns is an integer: bit n stands for the campaign at position n.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from bidder.campaigns.campaign import Campaign
from bidder.campaigns.targeting import Attribute
from bidder.snapshot import envelope

KIND = "index"


@dataclass(frozen=True, slots=True)
class AttributeIndex:
    """One attribute. `anything`: campaigns that include no value of it, so take all but what they exclude."""

    anything: int
    include: Mapping[str, int]
    exclude: Mapping[str, int]

    def accepting(self, values: Iterable[str]) -> int:
        """The campaigns that a request with these values of the attribute satisfies."""
        accepted, refused = self.anything, 0
        for value in values:
            accepted |= self.include.get(value, 0)
            refused |= self.exclude.get(value, 0)
        return accepted & ~refused


@dataclass(frozen=True, slots=True)
class Index:
    """All campaigns, whatever their status; delivery says which of them may bid."""

    id: str
    attributes: Mapping[Attribute, AttributeIndex]
    documents: tuple[dict[str, Any], ...]
    positions: Mapping[str, int]
    """Where each campaign is, by its id."""
    _decoded: dict[int, Campaign] = field(default_factory=dict)

    def campaign(self, position: int) -> Campaign:
        """The campaign at a position, decoded when first asked for."""
        campaign = self._decoded.get(position)
        if campaign is None:
            campaign = self._decoded[position] = Campaign.model_validate(self.documents[position])
        return campaign

    def __len__(self) -> int:
        return len(self.documents)


def in_order(campaigns: Iterable[Campaign]) -> list[Campaign]:
    """Campaigns by position: highest price first, so that a search may stop at the first that can't be beaten."""
    return sorted(campaigns, key=lambda campaign: (-campaign.top_cpm_micros, campaign.id))


def compile_index(campaigns: Iterable[Campaign]) -> bytes:
    """The index as an object of the snapshot. Equal campaigns give equal bytes; status is not part of it."""
    ordered = in_order(campaigns)
    everyone = (1 << len(ordered)) - 1
    with_include: dict[str, int] = defaultdict(int)
    include: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    exclude: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for position, campaign in enumerate(ordered):
        bit = 1 << position
        for attribute, rule in campaign.targeting.items():
            if rule.include:
                with_include[attribute] |= bit
            for value in rule.include:
                include[attribute][value] |= bit
            for value in rule.exclude:
                exclude[attribute][value] |= bit
    return envelope.pack(
        KIND,
        {
            "attributes": {
                attribute: {
                    "anything": hex(everyone & ~with_include[attribute]),
                    "include": {value: hex(bits) for value, bits in include[attribute].items()},
                    "exclude": {value: hex(bits) for value, bits in exclude[attribute].items()},
                }
                for attribute in sorted({*include, *exclude})
            },
            "campaigns": [
                campaign.model_dump(mode="json", exclude={"status"}, exclude_defaults=True) for campaign in ordered
            ],
        },
    )


def index_id(data: bytes) -> str:
    """The name of an index: a hash of its bytes."""
    return sha256(data).hexdigest()[:20]


def load_index(data: bytes) -> Index:
    """An index object, read back. Raises BadSnapshot."""
    body = envelope.unpack(KIND, data)
    return Index(
        id=index_id(data),
        attributes={
            attribute: AttributeIndex(
                anything=int(sets["anything"], 16),
                include={value: int(bits, 16) for value, bits in sets["include"].items()},
                exclude={value: int(bits, 16) for value, bits in sets["exclude"].items()},
            )
            for attribute, sets in body["attributes"].items()
        },
        documents=tuple(body["campaigns"]),
        positions={document["id"]: position for position, document in enumerate(body["campaigns"])},
    )
