"""`bidder refresh`: requests a refresh of the campaign cache."""

from bidder import aws
from bidder.cli.environment import target
from bidder.service.service import Service


def publish_refresh(service: Service) -> None:
    """Publishes a request to the topic `<stack>-campaign-refresh`; bidders have the new snapshot within seconds."""
    aws.client("sns").publish(
        TopicArn=service.settings.refresh_topic, Subject="campaign refresh", Message="requested on the command line"
    )
    print(f"refresh requested ({target()})")
