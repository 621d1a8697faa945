"""Reads the command line and runs the command that it names."""

import argparse
import getpass
import os
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

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


def parser() -> argparse.ArgumentParser:
    """The commands and their arguments."""
    root = argparse.ArgumentParser(prog="python -m bidder", description="Runs the bidder's campaigns.")
    commands = root.add_subparsers(dest="command", required=True)

    actions = commands.add_parser("campaigns", help="what is for sale").add_subparsers(dest="action", required=True)
    imports = actions.add_parser("import", help="add or replace the campaigns of a YAML or JSON Lines file")
    imports.add_argument("file", metavar="FILE", help="such as samples/campaigns.yaml; - for standard input")
    imports.add_argument("--dry-run", action="store_true", help="say what would change, field by field; write nothing")
    imports.set_defaults(run=lambda service, given: campaigns.import_file(service, given.file, dry_run=given.dry_run))
    exports = actions.add_parser("export", help="print all campaigns, as a file to import")
    exports.add_argument("--format", choices=("yaml", "jsonl"), default="yaml")
    exports.set_defaults(run=lambda service, given: campaigns.export(service, given.format))
    lists = actions.add_parser("list", help="all campaigns, with the spend of their day")
    lists.add_argument("--json", action="store_true", help="as JSON, amounts in micros")
    lists.set_defaults(run=lambda service, given: campaigns.list_all(service, as_json=given.json))
    history = actions.add_parser("history", help="who changed a campaign, when, and what")
    history.add_argument("id", metavar="ID")
    history.set_defaults(run=lambda service, given: campaigns.print_history(service, given.id))
    deletes = actions.add_parser("delete", help="delete a campaign; its history stays, and restore brings it back")
    deletes.add_argument("id", metavar="ID")
    deletes.set_defaults(run=lambda service, given: campaigns.delete(service, given.id))
    restores = actions.add_parser("restore", help="make a campaign what a version of its history was")
    restores.add_argument("id", metavar="ID")
    restores.add_argument("--version", type=int, metavar="N", help="as history numbers them; the last by default")
    restores.set_defaults(run=lambda service, given: campaigns.restore(service, given.id, given.version))
    for verb, status in campaigns.VERBS.items():
        changes = actions.add_parser(verb, help=f"make a campaign {status}")
        changes.add_argument("id", metavar="ID")
        changes.set_defaults(run=lambda service, given, to=status: campaigns.change_status(service, given.id, to))

    refresh = commands.add_parser("refresh", help="rebuild the campaign cache now, not at the next minute")
    refresh.set_defaults(run=lambda service, _: publish_refresh(service))

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


def _add_segments(command: argparse.ArgumentParser) -> None:
    actions = command.add_subparsers(dest="action", required=True)
    imports = actions.add_parser("import", help="add or replace the segments of a YAML file")
    imports.add_argument("file", metavar="FILE", help="segments: [{id, provider, name, size, cost}]; - for stdin")
    imports.set_defaults(run=lambda service, given: segments.import_file(service, given.file))
    lists = actions.add_parser("list", help="all segments, as campaigns write them")
    lists.set_defaults(run=lambda service, _: segments.list_all(service))
    shows = actions.add_parser("show", help="one of them, and who changed it")
    shows.add_argument("segment", metavar="ID", help="such as acme/42")
    shows.set_defaults(run=lambda service, given: segments.show(service, given.segment))


def _add_parameters(command: argparse.ArgumentParser) -> None:
    actions = command.add_subparsers(dest="action", required=True)
    lists = actions.add_parser("list", help="each with its value and default; secrets are not shown")
    lists.set_defaults(run=lambda service, _: parameters.list_parameters(service))
    checks = actions.add_parser("check", help="whether all of them can be used")
    checks.set_defaults(run=lambda service, _: parameters.check(service))
    sets = actions.add_parser("set", help="change one, for running processes too")
    sets.add_argument("name", metavar="NAME", help="such as snapshot-check-interval")
    sets.add_argument("value", metavar="VALUE", help="- for standard input, as for secrets")
    sets.set_defaults(run=lambda service, given: parameters.change(service, given.name, given.value))


def _add_lists(its: argparse.ArgumentParser) -> None:
    actions = its.add_subparsers(dest="action", required=True)
    imports = actions.add_parser("import", help="add or replace one; ids are hashed here")
    imports.add_argument("name", metavar="NAME", help="as campaigns name it")
    imports.add_argument("file", metavar="FILE", help="an id a line; - for standard input")
    imports.add_argument("--hashed", action="store_true", help="the lines are SHA-256 of ids, in hex")
    imports.add_argument("--dry-run", action="store_true", help="show five ids as they are read; write nothing")
    imports.set_defaults(
        run=lambda s, given: import_list(s, given.name, given.file, hashed=given.hashed, dry_run=given.dry_run)
    )
    actions.add_parser("list", help="all of them").set_defaults(run=lambda service, _: list_lists(service))
    deletes = actions.add_parser("delete", help="drop one; campaigns that name it stop bidding")
    deletes.add_argument("name", metavar="NAME")
    deletes.set_defaults(run=lambda service, given: delete_list(service, given.name))


def _add_taxonomies(its: argparse.ArgumentParser) -> None:
    actions = its.add_subparsers(dest="action", required=True)
    imports = actions.add_parser("import", help="add or replace one, from IAB Tech Lab's file")
    imports.add_argument("number", metavar="N", type=int, help="its number in AdCOM's list: 6 is Content Taxonomy 2.2")
    imports.add_argument("file", metavar="FILE", help="tab-separated, such as 'Content Taxonomy 2.2.tsv'")
    imports.set_defaults(run=lambda service, given: taxonomies.import_taxonomy(service, given.number, given.file))
    lists = actions.add_parser("list", help="those that there are")
    lists.set_defaults(run=lambda service, _: taxonomies.list_taxonomies(service))


def _add_snapshot(snapshot: argparse.ArgumentParser) -> None:
    actions = snapshot.add_subparsers(dest="action", required=True)
    lists = actions.add_parser("list", help="the snapshots of the last day, the newest first")
    lists.add_argument("--all", action="store_true", help="not only the newest")
    lists.set_defaults(run=lambda service, given: snapshots.list_snapshots(service, every=given.all))
    shows = actions.add_parser("show", help="what a snapshot is made of")
    shows.add_argument("version", metavar="V", type=int)
    shows.set_defaults(run=lambda service, given: snapshots.show(service, given.version))
    diffs = actions.add_parser("diff", help="what changed from A to B, campaign by campaign")
    diffs.add_argument("old", metavar="A", type=int)
    diffs.add_argument("new", metavar="B", type=int)
    diffs.set_defaults(run=lambda service, given: snapshots.diff(service, given.old, given.new))
    pins = actions.add_parser("pin", help="bid by the campaigns of an older snapshot, within seconds")
    pins.add_argument("version", metavar="V", type=int)
    pins.set_defaults(run=lambda service, given: snapshots.pin(service, given.version))
    unpins = actions.add_parser("unpin", help="bid by the campaigns as they are stored again")
    unpins.set_defaults(run=lambda service, _: snapshots.pin(service, None))


def main(arguments: Sequence[str]) -> int:
    """Runs one command; 0 for success, 1 for an error that is explained on standard error, 2 for a wrong call."""
    given = parser().parse_args(arguments)
    try:
        load_environment(os.environ)
        alone = getattr(given, "alone", False)  # it needs no AWS, and no settings that say where
        who = os.environ.get("BIDDER_WHO") or getpass.getuser()
        given.run(None if alone else Service(settings(), who=who), given)
    except BrokenPipeError:  # as by `| head`, which has seen enough; what is still buffered has nowhere to go
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except _EXPLAINED as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except UnknownCampaign as error:
        print(f"error: no campaign {error}; `python -m bidder campaigns list` shows the ids", file=sys.stderr)
        return 1
    except UnknownSegment as error:
        print(f"error: no segment {error} is known; `python -m bidder segments list` shows them", file=sys.stderr)
        return 1
    except UnknownList as error:
        print(f"error: no list {error}; `python -m bidder lists list` shows the names", file=sys.stderr)
        return 1
    except UnknownVersion as error:
        print(f"error: no snapshot of version {error} is kept; `--save` keeps one for longer", file=sys.stderr)
        return 1
    except (BotoCoreError, ClientError) as error:
        print(f"error: {target()} refused or is not there: {error}", file=sys.stderr)
        return 1
    return 0
