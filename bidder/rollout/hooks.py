"""The deployment hooks, connected to AWS by the settings of their environment."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from bidder.rollout.rollout_settings import names, rollout_settings
from bidder.rollout.verdict import report


def before_traffic(event: Mapping[str, str]) -> list[str]:
    """Compares the live and the new version by recorded requests. Returns the reasons to refuse the new one."""
    import boto3

    from bidder.rollout.before_traffic import objections
    from bidder.rollout.recorded_requests import recorded_requests
    from bidder.rollout.versions import Versions

    def examine() -> list[str]:
        settings = rollout_settings()
        versions = Versions(boto3.client("lambda"), settings.function)
        old, expected = versions.live(settings.alias), names(settings.expected_changes)
        return objections(versions, old, settings.version, recorded_requests(), expected)

    return report(boto3.client("codedeploy"), event, "before_traffic", examine)


def before_ledger(event: Mapping[str, str]) -> list[str]:
    """Invokes the new version of the ledger with a batch of test events. Returns the reasons to refuse that version."""
    import boto3

    from bidder.rollout.before_ledger import Batches, objections

    def examine() -> list[str]:
        settings = rollout_settings()
        batches = Batches(boto3.client("lambda"), settings.function)
        return objections(batches, batches.live(settings.alias), settings.version)

    return report(boto3.client("codedeploy"), event, "before_ledger", examine)


def after_traffic(event: Mapping[str, str], sleep: Callable[[float], None] = time.sleep) -> list[str]:
    """Waits until CloudWatch has the new version's metrics. Returns the reasons to roll that version back."""
    import boto3

    from bidder.rollout.after_traffic import Watch

    def examine() -> list[str]:
        settings, shifted = rollout_settings(), datetime.now(UTC)
        sleep(settings.settling)
        alarms = names(settings.alarms)
        return Watch(boto3.client("cloudwatch")).objections(alarms, shifted, datetime.now(UTC))

    return report(boto3.client("codedeploy"), event, "after_traffic", examine)
