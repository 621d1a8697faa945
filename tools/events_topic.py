"""`make events-topic`: creates a deleted topic of events and its subscriptions again, as the stack's template has them.

CloudFormation does not detect a deleted topic. Meanwhile publishers write to the fallback queue, whose consumer
publishes the events later.
"""

import argparse
import json
import sys
from collections.abc import Callable
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from tools.changes import describe_stack

TOPIC = "BidEventsTopic"


def mend(session: boto3.Session, stack: str, say: Callable[[str], None]) -> int:
    """Creates the topic and its subscriptions if they are missing. Returns the number of subscriptions.

    Raises LookupError if the stack does not exist, and botocore's errors.
    """
    cloudformation, sns = session.client("cloudformation"), session.client("sns")
    if describe_stack(cloudformation, stack) is None:
        msg = f"There is no stack {stack} in {session.region_name}"
        raise LookupError(msg)
    body: Any = cloudformation.get_template(StackName=stack, TemplateStage="Processed")["TemplateBody"]
    template = json.loads(body) if isinstance(body, str) else body
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
    ids = {
        r["LogicalResourceId"]: r.get("PhysicalResourceId", "")
        for page in pages
        for r in page["StackResourceSummaries"]
    }
    arn = sns.create_topic(Name=ids[TOPIC].rpartition(":")[2])["TopicArn"]
    say(f"topic {arn}")
    subscriptions = 0
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        if resource["Type"] != "AWS::SNS::Subscription" or properties["TopicArn"] != {"Ref": TOPIC}:
            continue
        sns.subscribe(
            TopicArn=arn,
            Protocol=properties["Protocol"],
            Endpoint=_queue_arn(session, ids, properties["Endpoint"]),
            Attributes=_attributes(session, ids, properties),
        )
        say(f"subscription {name}")
        subscriptions += 1
    return subscriptions


def _attributes(session: boto3.Session, ids: dict[str, str], properties: dict[str, Any]) -> dict[str, str]:
    attributes = {"RawMessageDelivery": str(properties.get("RawMessageDelivery", False)).lower()}
    if "FilterPolicy" in properties:
        attributes["FilterPolicyScope"] = properties.get("FilterPolicyScope", "MessageAttributes")
        attributes["FilterPolicy"] = json.dumps(properties["FilterPolicy"])
    if "RedrivePolicy" in properties:
        dead = _queue_arn(session, ids, properties["RedrivePolicy"]["deadLetterTargetArn"])
        attributes["RedrivePolicy"] = json.dumps({"deadLetterTargetArn": dead})
    return attributes


def _queue_arn(session: boto3.Session, ids: dict[str, str], reference: dict[str, Any]) -> str:
    attribute = reference["Fn::GetAtt"]
    name = attribute.split(".")[0] if isinstance(attribute, str) else attribute[0]
    response = session.client("sqs").get_queue_attributes(QueueUrl=ids[name], AttributeNames=["QueueArn"])
    return response["Attributes"]["QueueArn"]


def main() -> int:
    """Repairs the topic. Returns 0, or 1 after an error."""
    parser = argparse.ArgumentParser(prog="make events-topic", description=__doc__)
    parser.add_argument("--stack", default="bidder")
    arguments = parser.parse_args()
    try:
        mend(boto3.Session(), arguments.stack, print)
    except (BotoCoreError, ClientError, LookupError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
