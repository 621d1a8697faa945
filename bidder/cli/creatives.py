"""`bidder creatives`: uploads videos, and prints, retries and deletes their transcoding jobs."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote_plus

from bidder import aws
from bidder.campaigns.repository import UnknownCampaign
from bidder.cli.multipart import upload_in_parts
from bidder.cli.output import print_json, print_table
from bidder.cli.progress import Progress
from bidder.cli.refresh import publish_refresh
from bidder.creatives.job import Job, State
from bidder.creatives.job_store import JobStore
from bidder.creatives.limits import Limits
from bidder.creatives.upload import METADATA_PREFIX, PREFIX, Metadata, NotAnUpload, encoded, metadata
from bidder.errors import UserError, shown
from bidder.service.service import Service

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


_METADATA_BYTES = 2048
"""S3's limit of an object's metadata (Amazon S3 User Guide, "Working with object metadata")."""


class CannotUpload(UserError):
    """The upload or the creative does not exist, or the call is invalid."""


class Wanted(NamedTuple):
    """The options of a call about an upload: see `bidder.creatives.upload.Metadata`."""

    campaign: str
    creative: str | None
    landing_page: str | None
    name: str | None
    mezzanine: bool


def upload_file(service: Service, file: str, creative_upload: Wanted, *, as_json: bool) -> None:
    """Uploads a video, and prints the next step. Raises CannotUpload before anything is sent."""
    path = Path(file)
    bucket, (key, about) = _bucket(service), _describe_upload(service, path.name, creative_upload, content_hash(path))
    size, max_bytes = path.stat().st_size, Limits().max_bytes
    if not 0 < size <= max_bytes:
        msg = f"{file} is empty" if size == 0 else f"{file} has {size:,} bytes; at most {max_bytes:,} are allowed"
        raise CannotUpload(msg)
    progress = Progress(size)
    try:
        upload_in_parts(aws.client("s3"), bucket, key, path, _as_metadata(about), progress.at)
    finally:
        progress.end()
    if as_json:
        print_json({"campaign": about.campaign, "creative": about.creative, "bucket": bucket, "key": key})
        return
    print(f"{path.name} is uploaded as {about.creative} of {about.campaign}. To see its state:")
    print(f"  bidder creatives show {about.campaign} {about.creative}")


def is_current(service: Service, path: Path, creative_upload: Wanted) -> bool:
    """Whether this file with these options is the newest upload of the creative, and was not refused."""
    key, about = _describe_upload(service, path.name, creative_upload, content_hash(path))
    job = _jobs(service).get(about.campaign, about.creative)
    return job is not None and job.key == key and job.state is not State.REFUSED


def content_hash(path: Path) -> str:
    """The SHA-256 of a file's content, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def print_upload_form(service: Service, file_name: str, creative_upload: Wanted, hours: int) -> None:
    """Prints the address and the fields of a presigned POST; S3 refuses a file past the size limit."""
    bucket, (key, about) = _bucket(service), _describe_upload(service, Path(file_name).name, creative_upload)
    fields = {f"{METADATA_PREFIX}{name}": value for name, value in _as_metadata(about).items()}
    s3: S3Client = aws.client("s3")
    form = s3.generate_presigned_post(
        Bucket=bucket,
        Key=key,
        Fields=dict(fields),
        Conditions=[{name: value} for name, value in fields.items()]
        + [["content-length-range", 1, Limits().max_bytes]],
        ExpiresIn=hours * 3600,
    )
    print_json(form)


def list_creatives(service: Service, campaign: str | None, state: str | None, *, as_json: bool) -> None:
    """Prints the jobs, the latest first."""
    jobs = [
        job
        for job in sorted(_jobs(service).all(), key=lambda job: job.at, reverse=True)
        if campaign in (None, job.campaign_id) and state in (None, job.state.value)
    ]
    if as_json:
        print_json([job.model_dump(mode="json") for job in jobs])
        return
    rows = [
        (
            job.campaign_id,
            job.creative_id,
            job.state.value,
            f"{job.at:%Y-%m-%d %H:%M}",
            f"{job.finished.seconds:g}" if job.finished else "",
            job.reason or "",
        )
        for job in jobs
    ]
    print_table(("campaign", "creative", "state", "since (UTC)", "seconds", "why"), rows, left_aligned=4)


def show_creative(service: Service, campaign: str, creative: str, *, as_json: bool) -> None:
    """Prints a job: its state, the measurements of the upload, its renditions. Raises CannotUpload."""
    job = _job(service, campaign, creative)
    if as_json:
        print_json(job.model_dump(mode="json"))
        return
    print(f"{campaign}/{creative}: {job.state.value} since {job.at:%Y-%m-%d %H:%M:%S} UTC")
    if job.reason:
        print(f"refused: {job.reason}")
    print(f"upload: {job.key}, {job.size:,} bytes")
    if job.source:
        print(f"measured: {json.dumps(job.source)}")
    if job.finished:
        rows = [
            (medium.mime, f"{medium.width}x{medium.height}", str(medium.bitrate), str(medium.file_size), medium.url)
            for medium in job.finished.media
        ]
        print_table(("type", "size", "kbit/s", "bytes", "url"), rows, left_aligned=2)
    for url in job.images:
        print(url)


def retry_creative(service: Service, campaign: str, creative: str, *, as_json: bool) -> None:
    """Sends the event of a creative's newest upload again. Raises CannotUpload."""
    job, jobs = _job(service, campaign, creative), _jobs(service)
    bucket, s3 = _bucket(service), aws.client("s3")
    try:
        head = s3.head_object(Bucket=bucket, Key=job.key)
    except s3.exceptions.ClientError:
        msg = f"{campaign}/{creative}: the upload {job.key} is no longer there; upload the file again"
        raise CannotUpload(msg) from None
    jobs.reopen(campaign, creative, datetime.now(UTC))
    at, _, sequencer = job.sequencer.partition("#")
    uploaded = {
        "key": quote_plus(job.key),
        "size": head["ContentLength"],
        "eTag": head["ETag"].strip('"'),
        "sequencer": sequencer,
    }
    record = {"eventName": "ObjectCreated:Put", "eventTime": at, "s3": {"bucket": {"name": bucket}, "object": uploaded}}
    topic = _set(service.settings.upload_topic, "BIDDER_UPLOAD_TOPIC")
    aws.client("sns").publish(TopicArn=topic, Subject="retry", Message=json.dumps({"Records": [record]}))
    if as_json:
        print_json({"campaign": campaign, "creative": creative, "key": job.key})
    else:
        print(f"{campaign}/{creative} is processed again: bidder creatives show {campaign} {creative}")


def delete_creative(service: Service, campaign_id: str, creative_id: str, *, as_json: bool) -> None:
    """Removes a creative from its campaign, and deletes its job and its upload. Raises CannotUpload."""
    job = _jobs(service).get(campaign_id, creative_id)
    _take_out(service, campaign_id, creative_id, is_known=job is not None)
    if job is not None:
        aws.client("s3").delete_object(Bucket=_bucket(service), Key=job.key)
        _jobs(service).delete(campaign_id, creative_id)
    if as_json:
        print_json({"campaign": campaign_id, "creative": creative_id, "deleted": True})
    else:
        print(f"{campaign_id}/{creative_id} is deleted")
    publish_refresh(service)


def _take_out(service: Service, campaign_id: str, creative_id: str, *, is_known: bool) -> None:
    version, campaign, _ = service.campaigns.states([campaign_id])[campaign_id]
    rest = tuple(creative for creative in campaign.creatives if creative.id != creative_id) if campaign else ()
    if campaign is None or len(rest) == len(campaign.creatives):
        if not is_known:
            msg = f"there is no creative {creative_id} of a campaign {campaign_id}: see `bidder creatives list`"
            raise CannotUpload(msg)
        return
    if not rest:
        msg = f"{creative_id} is the only creative of {campaign_id}: pause or delete the campaign, or replace it first"
        raise CannotUpload(msg)
    service.campaigns.put(campaign.model_copy(update={"creatives": rest}), version)


def _describe_upload(
    service: Service, file_name: str, creative_upload: Wanted, content: str = ""
) -> tuple[str, Metadata]:
    """The key of an upload, and its metadata. Raises CannotUpload, also for an unknown campaign."""
    fields = {
        "campaign": creative_upload.campaign,
        "creative": creative_upload.creative,
        "landing-page": creative_upload.landing_page,
        "name": creative_upload.name,
        "mezzanine": "yes" if creative_upload.mezzanine else "no",
    }
    try:
        about = metadata(file_name, {name: encoded(value) for name, value in fields.items() if value})
    except NotAnUpload as wrong:
        raise CannotUpload(str(wrong).replace(METADATA_PREFIX, "--")) from None
    try:
        stored = service.campaigns.get(about.campaign)
    except UnknownCampaign:
        msg = f"there is no campaign {shown(about.campaign)}: `bidder campaigns list` shows all campaigns"
        raise CannotUpload(msg) from None
    campaign, creation = stored.campaign, stored.creation.version
    is_new = campaign is not None and all(creative.id != about.creative for creative in campaign.creatives)
    if is_new and about.landing_page is None:
        msg = f"{about.creative} is a new creative of {about.campaign}: give its --landing-page"
        raise CannotUpload(msg)
    digested = about.model_dump_json(exclude={"campaign_creation"})
    about = about.model_copy(update={"campaign_creation": creation})
    size = sum(len(name) + len(value) for name, value in _as_metadata(about).items())
    if size > _METADATA_BYTES:
        msg = f"the landing page and the name have {size:,} bytes as metadata of S3, which keeps {_METADATA_BYTES:,}"
        raise CannotUpload(msg)
    # The hash of content and metadata identifies an interrupted upload, so that the next call continues it. The first
    # campaign of an id adds nothing to it, so that videos which earlier releases uploaded are not uploaded again.
    again = f" {creation}" if creation > 1 else ""
    digest = hashlib.sha256(f"{content} {digested}{again}".encode()).hexdigest()[:8]
    return f"{PREFIX}{about.campaign}/{about.creative}/{digest}/{file_name}", about


def _as_metadata(about: Metadata) -> dict[str, str]:
    document: dict[str, Any] = about.model_dump(by_alias=True, exclude_none=True)
    return {name: encoded(str(value)) for name, value in document.items()}


def _jobs(service: Service) -> JobStore:
    return JobStore(aws.client("dynamodb"), _set(service.settings.creatives_table, "BIDDER_CREATIVES_TABLE"))


def _job(service: Service, campaign: str, creative: str) -> Job:
    job = _jobs(service).get(campaign, creative)
    if job is None:
        msg = f"no upload of {shown(creative)} of {shown(campaign)} has arrived: see `bidder creatives list`"
        raise CannotUpload(msg)
    return job


def _bucket(service: Service) -> str:
    return _set(service.settings.upload_bucket, "BIDDER_UPLOAD_BUCKET")


def _set(value: str | None, variable: str) -> str:
    if value is None:
        msg = f"{variable} is not set: the stack of creatives has it; `make run` writes it to .local/env"
        raise CannotUpload(msg)
    return value
