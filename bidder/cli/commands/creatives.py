"""`bidder creatives`: uploaded videos and their transcoding jobs."""

import click

from bidder.cli.session import Session, json_option, pass_session

_campaign = click.option("--campaign", required=True, help="The id of the campaign that shows it.")
_creative = click.option("--id", "creative_id", help="The creative to make or replace; by default the file's name.")
_landing_page = click.option("--landing-page", help="The landing page. A new creative needs one.")
_name = click.option("--name", help="The display name of the creative.")
_mezzanine = click.option("--mezzanine", is_flag=True, help="Give players and ad inserters the original file, too.")


@click.group()
def command() -> None:
    """Uploaded videos and their transcoding jobs."""


@command.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@_campaign
@_creative
@_landing_page
@_name
@_mezzanine
@json_option
@pass_session
def upload(
    session: Session,
    file: str,
    campaign: str,
    creative_id: str | None,
    landing_page: str | None,
    name: str | None,
    mezzanine: bool,
    as_json: bool,
) -> None:
    """Upload the video FILE. The same call again continues an interrupted upload."""
    from bidder.cli.creatives import Wanted, upload_file

    creative_upload = Wanted(campaign, creative_id, landing_page, name, mezzanine=mezzanine)
    with session.writing("repeat the command to continue the upload", f"{file} is uploaded"):
        upload_file(session.service, file, creative_upload, as_json=as_json)


@command.command("upload-form")
@click.argument("file_name")
@_campaign
@_creative
@_landing_page
@_name
@_mezzanine
@click.option(
    "--hours", type=click.IntRange(1, 168), default=24, show_default=True, help="The lifetime of the form in hours."
)
@pass_session
def upload_form(
    session: Session,
    file_name: str,
    campaign: str,
    creative_id: str | None,
    landing_page: str | None,
    name: str | None,
    mezzanine: bool,
    hours: int,
) -> None:
    """Print a form to upload FILE_NAME without an AWS account.

    The form is JSON: a presigned POST with a size limit.
    """
    from bidder.cli.creatives import Wanted, print_upload_form

    creative_upload = Wanted(campaign, creative_id, landing_page, name, mezzanine=mezzanine)
    print_upload_form(session.service, file_name, creative_upload, hours)


@command.command("list")
@click.option("--campaign", help="Only jobs of this campaign.")
@click.option("--state", help="Only jobs in this state, such as refused.")
@json_option
@pass_session
def list_(session: Session, campaign: str | None, state: str | None, as_json: bool) -> None:
    """All uploaded creatives, the latest first."""
    from bidder.cli.creatives import list_creatives

    list_creatives(session.service, campaign, state, as_json=as_json)


@command.command()
@click.argument("campaign")
@click.argument("creative")
@json_option
@pass_session
def show(session: Session, campaign: str, creative: str, as_json: bool) -> None:
    """The upload of a creative, its state and its renditions."""
    from bidder.cli.creatives import show_creative

    show_creative(session.service, campaign, creative, as_json=as_json)


@command.command()
@click.argument("campaign")
@click.argument("creative")
@json_option
@pass_session
def retry(session: Session, campaign: str, creative: str, as_json: bool) -> None:
    """Process a creative's newest upload again."""
    from bidder.cli.creatives import retry_creative

    retry_creative(session.service, campaign, creative, as_json=as_json)


@command.command()
@click.argument("campaign")
@click.argument("creative")
@json_option
@pass_session
def delete(session: Session, campaign: str, creative: str, as_json: bool) -> None:
    """Remove a creative from its campaign, and delete its upload. Renditions stay: players may still fetch them."""
    from bidder.cli.creatives import delete_creative

    with session.writing(f"`bidder creatives list` tells whether {creative} is deleted", f"{creative} is deleted"):
        delete_creative(session.service, campaign, creative, as_json=as_json)
