"""Every metric, reason and warning has an alarm, or a reason here for having none."""

import ast
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from bidder import log
from bidder.endpoints.bid import bid
from bidder.endpoints.call import Call
from bidder.endpoints.notice import PRICE_RAISED
from bidder.events.settlement import PriceRefusal
from bidder.events.token import TokenError
from bidder.openrtb.no_bid_reason import NoBidReason
from bidder.parameters import DEFAULTS, Reading
from bidder.service.no_bid_counts import AnswerKind
from bidder.snapshot.keeper import Keeper
from bidder.snapshot.snapshot import Snapshot
from tests.integration.sam_template import Template, of_type, referred, refers_to
from tests.integration.stack_functions import FUNCTIONS, HOOKS, RARE
from tests.support.campaigns import NOW, campaign, compile_snapshot
from tests.support.fake_cloudformation import client_error
from tests.support.matchable import video_request
from tests.support.service import Holder, service
from tools import ROOT
from tools.template import load_template, without_unsupported

ANY = "any"
"""Represents all reasons of a metric whose reasons are names of rules, kinds or exceptions."""

REASONS: dict[str, set[str]] = {
    "Answers": set(AnswerKind),
    "NoBids": {reason.name.lower() for reason in NoBidReason},
    "NoticeRefused": {*TokenError, PRICE_RAISED},
    "PriceRefused": set(PriceRefusal),
    "SnapshotOld": {"loading", "none", "old", "too-old"},
}
"""The reasons of metrics whose calls name them by a variable."""

_ASKED = "an answer to what was asked; BidRateCollapsedAlarm and BidsFailAlarm compute with it"
EXEMPT = {
    ("Answers", "invalid"): "the sender's fault, told to it as 400",
    ("SnapshotOld", "loading"): "a cold start that outlasts its first request; a minute later its reason is none",
    ("Refusals", ANY): "campaigns that do not fit: what was bought, not a fault",
    ("Withheld", ANY): "campaigns that are paused, over or out of budget: what was bought, not a fault",
    ("AuditRender", ANY): "a render for ad quality, which nobody is billed for; reports count it as a test",
    ("NoticeLate", ANY): "the event is archived, and reports count it as late",
    ("NoticeFallback", ANY): "the event waits in the queue of notices, whose age and dead letters have alarms",
    ("NoticeUnpublished", ANY): "answered 503, which ApiErrorsAlarm counts, and logged with a traceback",
} | {("NoBids", reason): _ASKED for reason in REASONS["NoBids"] - {"technical_error"}}

WARNINGS_EXEMPT = {
    "snapshot.copy": "the copy on disk is bid from; its age has SnapshotOldAlarm",
    "snapshot.uncopied": "bids go on; only a later start misses the copy",
    "snapshot.refused": "the snapshot before is bid from; its age has SnapshotOldAlarm, its lack SnapshotMissingAlarm",
    "snapshot.unreadable": "as snapshot.refused",
    "pacing.unread": "budgets are kept all the same; campaigns are paced by the forecast until the next minute",
    "frequency.unread": "FrequencyUnreadAlarm",
    "quality.unread": "as pacing.unread",
    "counts.delayed": "a container that ends tries again",
    "counts.lost": "spend is exact all the same; each failed attempt before has LoggedErrorsAlarm",
    "pacing.unwritten": "a minute's learning is lost; bids go on",
    "bidding.stopped": "the alarm that stopped it has told people",
    "rollout.refused": "the deployment fails, and says so",
    "{consumer}.unreadable": "the message becomes a dead letter, which has an alarm",
}
PAGES = {
    *("BidRateCollapsedAlarm", "BidsFailAlarm", "SpendStoppedAlarm", "NoticesRefusedAlarm", "ApiErrorsAlarm"),
    *("BidThrottlesAlarm", "BidDurationAlarm", "SnapshotMissingAlarm", "SnapshotTooOldAlarm"),
    *("LedgerDeadLetterAlarm", "LedgerAgeAlarm", "NoticesDeadLetterAlarm", "StopBiddingErrorsAlarm"),
    *("RequestCeilingAlarm", "PlainHandlerErrorsAlarm"),
}


def calls() -> Iterator[tuple[Path, ast.Call]]:
    for path in [ROOT / "app.py", *sorted((ROOT / "bidder").rglob("*.py"))]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                yield path, node


def literal(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def emitted() -> Iterator[tuple[str, str]]:
    """The metrics that the code emits, each with its reasons."""
    for path, call in calls():
        if isinstance(call.func, ast.Name) and call.func.id == "emf":
            name, reason = literal(call.args[1]), literal(call.args[2])
            assert name, f"{path}:{call.lineno}: a metric's name is a literal, so that this test can see it"
            yield from ((name, each) for each in ({reason} if reason else REASONS.get(name, {ANY})))


def warnings() -> Iterator[str]:
    """The names of the warnings that count no metric."""
    for _, call in calls():
        if ast.unparse(call.func).endswith("optional_read"):
            yield literal(call.args[1]) or ast.unparse(call.args[1])
        elif isinstance(call.func, ast.Attribute) and ast.unparse(call.func) == "log.warning":
            if any(keyword.arg is None for keyword in call.keywords):
                continue  # `**emf(…)`
            if ast.unparse(call.args[0]) == "event":
                continue  # of `optional_read`, whose calls name it
            yield literal(call.args[0]) or ast.unparse(call.args[0]).strip("f'\"")


def metrics(alarm: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "MetricName" in alarm:
        yield alarm
    for entry in alarm.get("Metrics", []):
        if "MetricStat" in entry:
            yield entry["MetricStat"]["Metric"]


def watched_metrics(template: Template) -> set[tuple[str, str]]:
    """The bidder's metrics that have an alarm, each with its reason."""
    return {
        (metric["MetricName"], reason["Value"])
        for alarm in of_type(template, "AWS::CloudWatch::Alarm").values()
        for metric in metrics(alarm)
        if metric["Namespace"] == {"Ref": "AWS::StackName"}
        for reason in metric.get("Dimensions") or [{"Value": ANY}]
    }


def test_every_metric_and_reason_has_an_alarm_or_an_exception(sam: Template) -> None:
    counted_items = set(emitted())
    assert len(counted_items) > 30
    silent = {(name, reason) for name, reason in counted_items - watched_metrics(sam) if (name, ANY) not in EXEMPT}
    assert silent - EXEMPT.keys() == set()
    assert {name for name, _ in EXEMPT} <= {name for name, _ in counted_items}, "exempt, and never emitted"
    assert watched_metrics(sam) - counted_items == {("LoggedErrors", ANY), ("CampaignsLeftOut", ANY)}, (
        "watched, and never emitted"
    )


def patterns(sam: Template, metric: str) -> dict[str, str]:
    """The patterns of the filters that count the metric, by log group."""
    return {
        properties["LogGroupName"]["Ref"]: properties["FilterPattern"]
        for properties in of_type(sam, "AWS::Logs::MetricFilter").values()
        if properties["MetricTransformations"][0]["MetricName"] == metric
    }


def test_every_function_has_its_tracebacks_counted(sam: Template, caplog: pytest.LogCaptureFixture) -> None:
    groups = {next(referred(sam["Resources"][name]["Properties"]["LoggingConfig"])) for name in FUNCTIONS}
    filters = patterns(sam, "LoggedErrors")
    assert filters.keys() == groups
    assert set(filters.values()) == {'{ $.traceback = "*" }'}
    logging.getLogger("bidder").propagate = True
    for report in (log.error, log.fault):
        try:
            raise ValueError  # noqa: TRY301
        except ValueError:
            report("anything")
    # A record appears twice if an earlier test in the same worker made the logger propagate.
    records = list(dict.fromkeys(caplog.records))
    assert all(json.loads(record.getMessage())["traceback"] for record in records)
    assert len(records) == 2


def test_every_warning_is_counted_or_has_an_exception(sam: Template) -> None:
    (pattern,) = patterns(sam, "CampaignsLeftOut").values()
    for name in set(warnings()) - WARNINGS_EXEMPT.keys():
        room = name.split(".")[0]
        assert f'"{name}"' in pattern or f'"{room}.*"' in pattern, name


def test_alarms_on_symptoms_page_and_alarms_on_causes_warn(sam: Template) -> None:
    alarms = of_type(sam, "AWS::CloudWatch::Alarm")
    paging = {name for name, alarm in alarms.items() if "AlarmTopic" in referred(alarm["AlarmActions"])}
    warning = {name for name, alarm in alarms.items() if "WarningTopic" in referred(alarm["AlarmActions"])}
    assert paging == PAGES
    assert warning == alarms.keys() - PAGES


def test_alarms_on_spend_can_stop_bidding_and_do_not_by_default(sam: Template) -> None:
    assert sam["Parameters"]["StopOnAlarm"]["Default"] == "off"
    stops = {"Fn::If": ["StopsOnAlarm", {"Fn::GetAtt": ["StopBidding", "Arn"]}, {"Ref": "AWS::NoValue"}]}
    alarms = of_type(sam, "AWS::CloudWatch::Alarm").items()
    assert {name for name, alarm in alarms if stops in alarm["AlarmActions"]} == {"OverspendAlarm", "LedgerAgeAlarm"}
    [permission] = [each for each in of_type(sam, "AWS::Lambda::Permission").values() if "alarms" in each["Principal"]]
    assert refers_to(permission["FunctionName"], "StopBidding")


def test_every_function_has_alarms_on_errors_and_throttles(sam: Template) -> None:
    seen = {
        (metric["MetricName"], name)
        for alarm in of_type(sam, "AWS::CloudWatch::Alarm").values()
        for metric in metrics(alarm)
        if metric["Namespace"] == "AWS/Lambda"
        for name in referred(metric["Dimensions"])
    }
    # a failing hook fails the deployment, which reports it
    assert {("Errors", name) for name in FUNCTIONS.keys() - set(HOOKS)} <= seen
    # throttled refreshes wait in the queue, and RefreshMissingAlarm detects missing refreshes
    assert {("Throttles", name) for name in FUNCTIONS.keys() - {"Refresh", *RARE}} <= seen


def test_every_dead_letter_queue_has_an_alarm(sam: Template) -> None:
    alarms = of_type(sam, "AWS::CloudWatch::Alarm").values()
    seen = {name for alarm in alarms for metric in metrics(alarm) for name in referred(metric["Dimensions"])}
    assert {name for name in of_type(sam, "AWS::SQS::Queue") if "DeadLetter" in name} <= seen


def test_metric_math_uses_the_metrics_of_its_alarm(sam: Template) -> None:
    for name, alarm in of_type(sam, "AWS::CloudWatch::Alarm").items():
        entries = alarm.get("Metrics", [])
        words = {word for each in entries if "Expression" in each for word in _words(each["Expression"])}
        ids = {each["Id"] for each in entries}
        assert words - {"IF", "FILL", "SUM"} | {each["Id"] for each in entries if each["ReturnData"]} == ids, name
        assert sum(each["ReturnData"] for each in entries) == bool(entries), name
        assert len(entries) <= 11, "ten metrics and an expression"
        assert len({each["MetricStat"]["Period"] for each in entries if "MetricStat" in each}) <= 1, name


class Unread:
    """Parameters whose read Parameter Store denies or throttles."""

    last_value = None

    def __init__(self, code: str) -> None:
        self._code = code

    def value(self, _patience: float = 0) -> Reading:
        raise client_error(self._code)


def denied(_: Snapshot | None) -> Snapshot | None:
    raise client_error("AccessDenied")


OUTAGES: dict[str, dict[str, Any]] = {
    "Parameter Store denies": {"readings": Unread("AccessDeniedException")},
    "Parameter Store throttles": {"readings": Unread("ThrottlingException")},
    "there is no snapshot": {"keeper": Keeper(lambda _: None, lambda: DEFAULTS.ages)},
    "S3 denies": {"keeper": Keeper(denied, lambda: DEFAULTS.ages)},
    "there are no signing keys": {"signing_keys": None},
    "the decision raises": {"keeper": Holder(cast("Snapshot", object()))},
}


@pytest.mark.parametrize("outage", OUTAGES)
def test_a_process_that_cannot_bid_logs_it_at_its_first_request(
    sam: Template, caplog: pytest.LogCaptureFixture, outage: str
) -> None:
    logging.getLogger("bidder").propagate = True
    caplog.set_level(logging.INFO, "bidder")
    failing = service(compile_snapshot([campaign()]), **OUTAGES[outage])
    assert bid(failing, Call(json.dumps(video_request()).encode(), {}, "https://bid.example", NOW)).status == 204
    lines = [json.loads(record.getMessage()) for record in caplog.records]
    metrics = {
        (metric["Name"], line["Reason"])
        for line in lines
        if "_aws" in line
        for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]
        if line[metric["Name"]]
    }
    assert metrics & watched_metrics(sam) & {("BidFailed", "raised"), ("SnapshotOld", "none")}


def _words(expression: str) -> set[str]:
    return {word for word in "".join(c if c.isalnum() else " " for c in expression).split() if word[0].isalpha()}


def test_the_local_aws_lacks_only_alarms_with_metric_math(sam: Template) -> None:
    lost = sam["Resources"].keys() - without_unsupported(sam)["Resources"].keys()
    alarms = of_type(sam, "AWS::CloudWatch::Alarm")
    assert lost == {name for name, alarm in alarms.items() if "Metrics" in alarm}


def test_an_email_address_subscribes_to_the_alarms(sam: Template) -> None:
    assert sam["Parameters"]["AlarmEmail"]["Default"] == ""
    subscriptions = of_type(sam, "AWS::SNS::Subscription").values()
    by_email = [each for each in subscriptions if each["Protocol"] == "email"]
    assert {name for each in by_email for name in referred(each["TopicArn"])} == {"AlarmTopic", "WarningTopic"}
    assert all("AlarmEmail" in set(referred(each["Endpoint"])) for each in by_email)


def test_every_alarm_links_to_an_existing_section_of_the_runbook(sam: Template) -> None:
    creatives = load_template(ROOT / "deploy/creatives.yaml")
    alarms = of_type(sam, "AWS::CloudWatch::Alarm") | of_type(creatives, "AWS::CloudWatch::Alarm")
    for name, alarm in alarms.items():
        named = re.search(r"Runbook: (docs/\w+\.md)#([\w-]+)$", alarm["AlarmDescription"])
        assert named, name
        assert named[2] in anchors((ROOT / named[1]).read_text()), name


def test_the_runbook_describes_only_existing_alarms(sam: Template) -> None:
    described = re.findall(r'<a id="\w+"></a>(\w+Alarm) \|', (ROOT / "docs/operations.md").read_text())
    assert sorted(described) == sorted(of_type(sam, "AWS::CloudWatch::Alarm"))


def anchors(page: str) -> set[str]:
    """The anchors of a Markdown page: explicit ones, and those of its headings by GitHub's rules."""
    headings = re.findall(r"^#+ (.+)$", page, flags=re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings} | set(
        re.findall(r'<a id="([^"]+)"></a>', page)
    )
