"""Writes the renditions of a finished upload into its campaign, which bids with them after the next refresh."""

from typing import TYPE_CHECKING

from bidder.campaigns.campaign import Campaign
from bidder.campaigns.creative import Creative
from bidder.campaigns.repository import StaleCampaign, UnknownCampaign
from bidder.campaigns.stored import Stored
from bidder.creatives.job import Finished, Job
from bidder.creatives.upload import time_of

if TYPE_CHECKING:
    from bidder.campaigns.repository import CampaignRepository
    from bidder.creatives.job_store import JobStore

_ATTEMPTS = 20


class CannotUse(RuntimeError):
    """The creative can't be added to the campaign. The message for the advertiser has the reason and the remedy."""


def update_campaign(repository: "CampaignRepository", jobs: "JobStore", campaign_id: str, creative_id: str) -> bool:
    """Writes the newest finished upload of a creative into its campaign. Returns False if no upload has finished.

    The campaign is read before the job, and written only if its version has not changed. If another process has written
    a newer job in between, the write fails and both are read again. So the newest upload stays in the campaign, in any
    order in which the uploads finish. Raises CannotUse.
    """
    for _ in range(_ATTEMPTS):
        try:
            stored = repository.get(campaign_id)
        except UnknownCampaign:
            msg = f"campaign {campaign_id} does not exist: import the campaign, then upload the video again"
            raise CannotUse(msg) from None
        job = jobs.get(campaign_id, creative_id)
        if job is None or job.finished is None or stored.campaign is None:
            return False
        check_campaign(stored, campaign_id, job.finished.campaign_creation, job.finished.sequencer)
        try:
            repository.put(with_creative(stored.campaign, job, job.finished), stored.version)
        except StaleCampaign:
            continue
        return True
    msg = f"campaign {campaign_id} was changed {_ATTEMPTS} times during the update: retry the creative"
    raise CannotUse(msg)


def check_campaign(stored: Stored, campaign_id: str, campaign_creation: int | None, sequencer: str) -> None:
    """Raises CannotUse if the id of the campaign stands for another campaign than when the video was uploaded.

    An upload that does not state the creation of its campaign is of an earlier campaign if it is older than the
    creation of the stored one.
    """
    if campaign_creation is not None:
        is_same = stored.creation.version == campaign_creation
    else:
        uploaded_at = time_of(sequencer)
        is_same = uploaded_at is None or stored.creation.at is None or stored.creation.at <= uploaded_at
    if stored.campaign is not None and not is_same:
        msg = (
            f"campaign {campaign_id} is another campaign than at the time of the upload: that one was deleted, or had"
            " another advertiser; upload the video again if it is for the campaign of today"
        )
        raise CannotUse(msg)


def with_creative(campaign: Campaign, job: Job, finished: Finished) -> Campaign:
    """The campaign with the new files of the creative. The creative of this id is replaced, or else added.

    Raises CannotUse.
    """
    earlier = next((creative for creative in campaign.creatives if creative.id == job.creative_id), None)
    landing_page = finished.landing_page or (earlier.click_through if earlier else None)
    if landing_page is None:
        msg = f"creative {job.creative_id} has no landing page: upload the video again with a landing page"
        raise CannotUse(msg)
    fields = earlier.model_dump(exclude_defaults=True) if earlier else {"name": job.creative_id}
    creative = Creative.model_validate(
        {
            **fields,
            "id": job.creative_id,
            "name": finished.name or fields["name"],
            "duration": finished.seconds,
            "click_through": landing_page,
            "tag": None,
            "media": [medium.model_dump() for medium in finished.media],
            "mezzanine": finished.mezzanine.model_dump() if finished.mezzanine else None,
        }
    )
    others = [other for other in campaign.creatives if other.id != job.creative_id]
    position = campaign.creatives.index(earlier) if earlier else len(others)
    creatives = (*others[:position], creative, *others[position:])
    return campaign.model_copy(update={"creatives": creatives})
