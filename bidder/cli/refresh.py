"""Asks for a refresh, as anybody may."""

from bidder import aws
from bidder.cli.environment import target
from bidder.service.service import Service


def publish_refresh(service: Service) -> None:
    """Publishes to `<stack>-campaign-refresh`; the bidder follows within seconds."""
    aws.client("sns").publish(
        TopicArn=service.settings.refresh_topic, Subject="campaign refresh", Message="asked for on the command line"
    )
    print(f"refresh asked for ({target()})")
