"""Writes what an upload became into its campaign, so that it bids after the next refresh."""

from typing import TYPE_CHECKING

from bidder.campaigns.campaign import Campaign
from bidder.campaigns.creative import Creative
from bidder.campaigns.repository import StaleCampaign, UnknownCampaign
from bidder.creatives.job import Finished, Job

if TYPE_CHECKING:
    from bidder.campaigns.repository import CampaignRepository
    from bidder.creatives.job_store import JobStore

_ATTEMPTS = 20


class CannotUse(RuntimeError):
    """The campaign can't take the creative; the message says why, in an advertiser's words."""


def update_campaign(repository: "CampaignRepository", jobs: "JobStore", campaign_id: str, creative_id: str) -> bool:
    """Writes the newest finished upload of a creative into its campaign; False where there is none.

    The campaign is read before the job, and written by its version. So a process that read an older job than another
    one fails to write, reads both again, and writes the newer: the last upload stays, in whatever order they finish.
    Raises CannotUse.
    """
    for _ in range(_ATTEMPTS):
        try:
            version, campaign = repository.get(campaign_id)
        except UnknownCampaign:
            msg = f"there is no campaign {campaign_id}: import it first, then upload again"
            raise CannotUse(msg) from None
        job = jobs.get(campaign_id, creative_id)
        if job is None or job.finished is None or campaign is None:
            return False
        try:
            repository.put(with_creative(campaign, job, job.finished), version)
        except StaleCampaign:
            continue
        return True
    msg = f"{campaign_id} was changed by others {_ATTEMPTS} times meanwhile"
    raise CannotUse(msg)


def with_creative(campaign: Campaign, job: Job, finished: Finished) -> Campaign:
    """The campaign with the creative's new files: the creative of this id is replaced, or a new one added."""
    held = next((creative for creative in campaign.creatives if creative.id == job.creative_id), None)
    landing_page = finished.landing_page or (held.click_through if held else None)
    if landing_page is None:
        msg = f"{job.creative_id} has no landing page: upload it again with one"
        raise CannotUse(msg)
    kept = held.model_dump(exclude_defaults=True) if held else {"name": job.creative_id}
    creative = Creative.model_validate(
        {
            **kept,
            "id": job.creative_id,
            "name": finished.name or kept["name"],
            "duration": finished.seconds,
            "click_through": landing_page,
            "tag": None,
            "media": [medium.model_dump() for medium in finished.media],
            "mezzanine": finished.mezzanine.model_dump() if finished.mezzanine else None,
        }
    )
    others = [other for other in campaign.creatives if other.id != job.creative_id]
    position = campaign.creatives.index(held) if held else len(others)
    creatives = (*others[:position], creative, *others[position:])
    return campaign.model_copy(update={"creatives": creatives})
