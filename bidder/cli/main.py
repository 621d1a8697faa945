"""The command line `bidder`, which is `python -m bidder` as well: finds the command, and explains what goes wrong."""

import os
import sys
from collections.abc import Sequence
from importlib import import_module, metadata
from pathlib import Path
from pkgutil import iter_modules

import click

<<<<<<< HEAD
from bidder.cli.environment import target
from bidder.cli.output import fail
from bidder.cli.session import Session
from bidder.errors import UserError

_COMMANDS = "bidder.cli.commands"
FAILED, WRONG_CALL, INTERRUPTED = 1, 2, 130
"""Exit statuses besides 0; an error of a user may have one of its own."""
=======
from bidder.campaigns.repository import StaleCampaign, UnknownCampaign
from bidder.campaigns.segments import UnknownSegment
from bidder.campaigns.stored import Contended
from bidder.campaigns.taxonomy import InvalidTaxonomy
from bidder.cli import campaigns, parameters, segments, snapshots, taxonomies
from bidder.cli.chosen import CURRENT, BadCall
from bidder.cli.environment import load_environment, target
from bidder.cli.explain import Asked, NotInSnapshot, print_admin_key, print_explanation
from bidder.cli.ledger import Differs, print_verification
from bidder.cli.lists import InvalidList, delete_list, import_list, list_lists
from bidder.cli.redrive import QUEUES, MoveFailed, redrive
from bidder.cli.refresh import publish_refresh
from bidder.cli.replay import print_replay
from bidder.cli.report import print_report
from bidder.cli.simulate import print_simulation
from bidder.endpoints.body import BadBody
from bidder.events.report import By
from bidder.files.text import InvalidFile
from bidder.openrtb.invalid_request import InvalidRequest
from bidder.openrtb.recorded import InvalidRecording
from bidder.service.service import Service
from bidder.settings import InvalidSettings, settings
from bidder.simulator.scenario import InvalidScenario
from bidder.snapshot.container import BadSnapshot
from bidder.snapshot.list_store import UnknownList
from bidder.snapshot.store import UnknownVersion

_EXPLAINED = (
    BadBody,
    BadCall,
    parameters.BadParameter,
    BadSnapshot,
    Contended,
    Differs,
    InvalidFile,
    InvalidList,
    InvalidRecording,
    InvalidRequest,
    InvalidScenario,
    InvalidSettings,
    InvalidTaxonomy,
    MoveFailed,
    NotInSnapshot,
    OSError,
    StaleCampaign,
)
"""Errors whose own words say what to do."""
>>>>>>> main


class CommandFolder(click.Group):
    """The commands that have a file in `bidder/cli/commands/`, each imported when it is called."""

    def list_commands(self, _context: click.Context) -> list[str]:
        """The names of the files."""
        folder = Path(__file__).parent / "commands"
        return sorted(module.name.replace("_", "-") for module in iter_modules([str(folder)]))

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """The `command` of a file."""
        if name not in self.list_commands(context):
            return None
        command: click.Command = import_module(f"{_COMMANDS}.{name.replace('-', '_')}").command
        return command

<<<<<<< HEAD
    def invoke(self, context: click.Context) -> object:
        """Runs the command. Raises Interrupted, before click sees Ctrl-C and prints an empty line."""
        try:
            return super().invoke(context)
        except KeyboardInterrupt:
            raise Interrupted from None
=======
    _add_lists(commands.add_parser("lists", help="first-party and lookalike lists of ids"))
    _add_taxonomies(commands.add_parser("taxonomies", help="which categories are above which"))
    _add_snapshot(commands.add_parser("snapshot", help="what refreshes published, and going back"))
    _add_segments(commands.add_parser("segments", help="what is known of the segments that campaigns target"))
    _add_parameters(commands.add_parser("parameters", help="keys, rates, intervals and limits in Parameter Store"))
    explains = commands.add_parser("explain", help="what the current campaign cache bids on a request, and why")
    explains.add_argument("file", metavar="REQUEST", help="OpenRTB as JSON, such as samples/request.json; - for stdin")
    explains.add_argument("--campaign", metavar="ID", help="of this campaign alone")
    explains.add_argument("--json", action="store_true", help="as POST /explain answers, with all campaigns")
    explains.add_argument("--exchange", metavar="NAME", help="as in POST /bid?exchange=NAME")
    explains.add_argument("--xml", action="store_true", help="as for a player that takes VAST alone")
    explains.add_argument("--snapshot", metavar="V", default=CURRENT, help="a version, or a file that replay saved")
    explains.add_argument("--at", metavar="TIME", help="the clock; else now, or that of the snapshot that is named")
    explains.set_defaults(
        run=lambda s, given: print_explanation(
            s,
            given.file,
            given.campaign,
            Asked(given.exchange, given.xml, given.at, given.snapshot),
            as_json=given.json,
        )
    )

    replays = commands.add_parser("replay", help="what recorded requests would be bid on from one snapshot or two")
    replays.add_argument("--requests", metavar="FILE", required=True, type=Path, help="JSON Lines, also in gzip")
    replays.add_argument(
        "--snapshot", metavar="A", action="append", required=True, help="a version, current, or a file; twice: B less A"
    )
    replays.add_argument("--at", metavar="TIME", help="the clock; else each request's time, or the first snapshot's")
    replays.add_argument("--format", choices=("table", "csv", "json"), default="table")
    replays.add_argument("--save", metavar="FILE", type=Path, help="keep the first snapshot, a version, in this file")
    replays.set_defaults(
        run=lambda s, given: print_replay(
            s, given.requests, given.snapshot, at=given.at, form=given.format, keep=given.save
        )
    )

    events = commands.add_parser("events", help="what comes back of bids").add_subparsers(dest="action", required=True)
    redrives = events.add_parser("redrive", help="what a consumer put aside goes back to its queue; repeats count once")
    redrives.add_argument("queue", metavar="QUEUE", choices=QUEUES, help=" | ".join(QUEUES))
    redrives.set_defaults(run=lambda _, given: redrive(given.queue))

    reports = commands.add_parser(
        "report",
        help="what became of the bids of a day",
        description="What became of the bids of a UTC day, from the archive of events. Bids are counted by the "
        "processes that make them, and what one bid in its last minute is missing.",
    )
    reports.add_argument("--day", metavar="D", type=date.fromisoformat, required=True, help="such as 2026-11-23 (UTC)")
    reports.add_argument("--by", choices=[by.value for by in By], default=By.CAMPAIGN.value)
    reports.add_argument("--format", choices=("table", "csv", "json"), default="table")
    reports.set_defaults(run=lambda service, given: print_report(service, given.day, By(given.by), given.format))

    ledgers = commands.add_parser("ledger", help="what is counted").add_subparsers(dest="action", required=True)
    verifies = ledgers.add_parser("verify", help="spend recomputed from the archive, against the counters")
    verifies.add_argument("--day", metavar="D", type=date.fromisoformat, required=True, help="of each campaign's zone")
    verifies.set_defaults(run=lambda service, given: print_verification(service, given.day))

    simulates = commands.add_parser("simulate", help="a scenario in a simulated market: spend, plan, evenness, plots")
    simulates.add_argument(
        "file", metavar="SCENARIO", type=Path, help="YAML, such as bidder/simulator/scenarios/flat.yaml"
    )
    simulates.add_argument("--out", metavar="DIR", type=Path, help="write the figures and plots (SVG, PNG) into it")
    simulates.add_argument("--json", action="store_true", help="the figures as JSON, amounts in micros")
    simulates.set_defaults(run=lambda _, given: print_simulation(given.file, given.out, as_json=given.json), alone=True)

    key = commands.add_parser("admin-key", help="print the key that POST /explain asks for")
    key.set_defaults(run=lambda service, _: print_admin_key(service))
    return root
>>>>>>> main


class Interrupted(Exception):
    """Somebody pressed Ctrl-C."""


def version() -> str:
    """The version of the package as it is installed."""
    try:
<<<<<<< HEAD
        return metadata.version("bidder")
    except metadata.PackageNotFoundError:  # run from a checkout that was not installed
        return "of a checkout"


@click.group(cls=CommandFolder, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version(), prog_name="bidder")
def bidder() -> None:
    """Runs the bidder's campaigns.

    The AWS is that of the environment; on a laptop, the local one that `make run` started. Every listing takes --json.
    Ends with status 0 where all went well, 1 where something did not, 2 for a wrong call, 130 after Ctrl-C.
    """


def main(arguments: Sequence[str], session: Session | None = None) -> int:
    """Runs one command. Returns the exit status; every error is one that standard error explains."""
    session = session or Session()
    try:
        status = bidder.main(list(arguments), prog_name="bidder", standalone_mode=False, obj=session)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, Interrupted, KeyboardInterrupt):
        after_echo = "\n" if sys.stderr.isatty() else ""  # a terminal has written ^C
        print(f"{after_echo}interrupted: {session.stored}", file=sys.stderr)
        return INTERRUPTED
=======
        load_environment(os.environ)
        alone = getattr(given, "alone", False)  # it needs no AWS, and no settings that say where
        who = os.environ.get("BIDDER_WHO") or getpass.getuser()
        given.run(None if alone else Service(settings(), who=who), given)
>>>>>>> main
    except BrokenPipeError:  # as by `| head`, which has seen enough; what is still buffered has nowhere to go
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except UserError as error:
        fail(str(error))
        return error.exit_status
    except OSError as error:
        fail(str(error))
        return FAILED
    except Exception as error:
        if not _is_of_aws(error):
            raise
        fail(f"{target()} refused or is not there: {error}")
        return FAILED
    return status if isinstance(status, int) else 0


def _is_of_aws(error: Exception) -> bool:
    from botocore.exceptions import BotoCoreError, ClientError  # a third of a second, for who meets an error alone

    return isinstance(error, BotoCoreError | ClientError)
