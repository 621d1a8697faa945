"""`make rollback`: moves the alias of the bid function to an earlier version; also deletes old versions."""

import argparse
import sys
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_lambda import LambdaClient

ALIAS = "live"
FUNCTIONS = {"bid": "APIHandler", "ledger": "Ledger"}
"""The logical ids of the functions with versions, by their names on the command line."""
KEPT = 5
"""The number of versions that are kept for a rollback, besides the live version."""


class NoSuchVersion(ValueError):
    """There is no such version. The message names the existing versions."""


def physical_name(cloudformation: "CloudFormationClient", stack: str, function: str = "APIHandler") -> str:
    """The name of a function of the stack by its logical id; by default the bid function."""
    described = cloudformation.describe_stack_resource(StackName=stack, LogicalResourceId=function)
    return described["StackResourceDetail"]["PhysicalResourceId"]


def versions(functions: "LambdaClient", function: str) -> list[int]:
    """The published versions of a function, the latest first."""
    pages = functions.get_paginator("list_versions_by_function").paginate(FunctionName=function)
    names = [version["Version"] for page in pages for version in page["Versions"]]
    return sorted((int(name) for name in names if name != "$LATEST"), reverse=True)


def live_version(functions: "LambdaClient", function: str) -> int:
    """The version number to which the alias points."""
    return int(functions.get_alias(FunctionName=function, Name=ALIAS)["FunctionVersion"])


def delete_old_versions(functions: "LambdaClient", function: str, kept_count: int = KEPT) -> list[int]:
    """Deletes all versions except the live one and the latest `kept` others. Returns the deleted versions."""
    live = live_version(functions, function)
    superfluous = [version for version in versions(functions, function) if version != live][kept_count:]
    for version in superfluous:
        functions.delete_function(FunctionName=function, Qualifier=str(version))
    return superfluous


def roll_back(functions: "LambdaClient", function: str, to: int | None = None) -> int:
    """Moves the alias to the version, or to the version before the live one, and returns it. Raises NoSuchVersion."""
    live = live_version(functions, function)
    others = [version for version in versions(functions, function) if version != live]
    target = to if to is not None else next((version for version in others if version < live), None)
    if target not in others:
        expected = f"version {to}" if to is not None else f"a version before {live}"
        there = ", ".join(map(str, others)) or "none"
        msg = f"There is no {expected} to go back to. Version {live} is live; others are: {there}"
        raise NoSuchVersion(msg)
    functions.update_alias(
        FunctionName=function,
        Name=ALIAS,
        FunctionVersion=str(target),
        RoutingConfig={"AdditionalVersionWeights": {}},
    )
    return target


def main() -> int:
    parser = argparse.ArgumentParser(prog="make rollback", description=__doc__)
    parser.add_argument("--stack", default="bidder")
    parser.add_argument("--to", type=int, metavar="VERSION", help="the version; the one before the live one by default")
    parser.add_argument(
        "--function", choices=FUNCTIONS, default="bid", help="the function of the version; bid by default"
    )
    arguments = parser.parse_args()
    try:
        session = boto3.Session()
        function = physical_name(session.client("cloudformation"), arguments.stack, FUNCTIONS[arguments.function])
        target = roll_back(session.client("lambda"), function, arguments.to)
    except (BotoCoreError, ClientError, NoSuchVersion) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"Version {target} of {function} has all traffic. The next deployment moves the alias forward.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
