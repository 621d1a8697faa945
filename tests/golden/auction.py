"""Golden auctions as data: a file of `auctions/`, completed from `base.json`.

- `description`: one sentence on the behaviour that the auction shows. `source`: the clause or page that requires it.
- `campaigns`: by id, the differences from the base campaign. Creatives and media are compared by position.
- `request`: the differences from the base request, and of each impression from the base impression, by position.
  `sent` is the whole request instead, for auctions that need a null.
- `shown`: the viewer's earlier impressions, each as minutes ago, campaign and creative; absent if they are unknown.
- `shares`: by campaign, the share of auctions in which pacing lets it take part, from 0 to 1.
- `allowances`: by campaign of `shares`, the micros that pacing allows it to bid now; enough if absent.
- `shading`: the level and the slope of the win model of all auctions, by which bids are shaded.
- `answer`: the `status`; for a bid `bids`, each with what differs from the base bid, and `vast`, XPaths into its markup
  without namespaces with all that they match; `cur` if it is not USD; `fields` of a 400; `nbr` for a caller that asks
  for the no-bid reason.
- `losers`: for each impression, by campaign, the rule that removed the campaign.

A difference is a JSON merge patch (RFC 7396): `null` removes a field.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "auctions"
BASE: dict[str, Any] = json.loads((Path(__file__).parent / "base.json").read_text())
VOLATILE = frozenset({"id", "adm", "nurl", "burl", "lurl"})
"""Fields of a bid that differ between two answers, or that XPaths select from."""


@dataclass(frozen=True)
class GoldenAuction:
    """One golden auction, complete."""

    name: str
    description: str
    campaigns: list[dict[str, Any]]
    request: dict[str, Any]
    answer: dict[str, Any]
    losers: dict[str, dict[str, str]]
    shown: list[tuple[int, str, str]] | None = None
    shares: dict[str, float] | None = None
    allowances: dict[str, int] | None = None
    shading: dict[str, float] | None = None


def campaigns_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The campaigns of a file, completed from the base."""
    return [_campaign(name, changes) for name, changes in document["campaigns"].items()]


def paths() -> list[Path]:
    """The files of all golden auctions."""
    return sorted(FOLDER.glob("*/*.json"))


def load(path: Path) -> GoldenAuction:
    """The auction in a file, completed from the base."""
    document = json.loads(path.read_text())
    return GoldenAuction(
        name=f"{path.parent.name}/{path.stem}",
        description=document["description"],
        campaigns=campaigns_of(document),
        request=document.get("sent") or _request(document["request"]),
        answer=_answer(document["answer"]),
        losers=document.get("losers", {}),
        shown=document.get("shown"),
        shares=document.get("shares"),
        allowances=document.get("allowances"),
        shading=document.get("shading"),
    )


def merged(base: Any, patch: Any) -> Any:
    """The base with a JSON merge patch applied (RFC 7396)."""
    if not isinstance(patch, dict):
        return patch
    result = dict(base) if isinstance(base, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def _campaign(campaign_id: str, changes: dict[str, Any]) -> dict[str, Any]:
    creatives = [_creative(creative) for creative in changes.get("creatives", [{}])]
    return {"id": campaign_id, **merged(BASE["campaign"], {**changes, "creatives": creatives})}


def _creative(changes: dict[str, Any]) -> dict[str, Any]:
    files = [merged(BASE["media"], medium) for medium in changes.get("media", [] if "tag" in changes else [{}])]
    return dict(merged(BASE["creative"], {**changes, "media": files}))


def _request(changes: dict[str, Any]) -> dict[str, Any]:
    imps = [merged(BASE["imp"], imp) for imp in changes.get("imp", [{}])]
    return dict(merged(BASE["request"], {**changes, "imp": imps}))


def _answer(answer: dict[str, Any]) -> dict[str, Any]:
    if "bids" not in answer:
        return answer
    return {**answer, "bids": [merged(BASE["bid"], bid) for bid in answer["bids"]]}
