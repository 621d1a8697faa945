"""The uploads that a campaign file names: checked before the import, and sent after the import."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from bidder.campaigns.campaign import Campaign
from bidder.cli.creatives import CannotUpload, Wanted, is_current, upload_file
from bidder.service.service import Service


class CampaignUpload(NamedTuple):
    """A video file, and the creative of the upload."""

    path: Path
    wanted: Wanted


def uploads_of(campaigns: Iterable[Campaign], file: str) -> list[CampaignUpload]:
    """The uploads that the campaigns of a file name; their paths start at the file's folder.

    Raises CannotUpload for a missing file, before anything is imported.
    """
    folder = Path() if file == "-" else Path(file).parent
    uploads = []
    for campaign in campaigns:
        for creative in campaign.creatives:
            if creative.upload and not creative.media:
                path = folder / creative.upload
                if not path.is_file():
                    msg = f"{campaign.id}: creatives[{creative.id}].upload: there is no file {path}"
                    raise CannotUpload(msg)
                creative_upload = Wanted(
                    campaign.id, creative.id, creative.click_through, creative.name, mezzanine=False
                )
                uploads.append(CampaignUpload(path, creative_upload))
    return uploads


def send_uploads(service: Service, uploads: Iterable[CampaignUpload]) -> None:
    """Uploads the videos that are not uploaded yet: the same file for the same creative is sent once."""
    for path, about in uploads:
        if is_current(service, path, about):
            print(f"{path.name}: uploaded before as {about.creative} of {about.campaign}")
        else:
            upload_file(service, str(path), about, as_json=False)
