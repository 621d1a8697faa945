"""Evaluates the policies of roles in the local AWS. moto's IAM matches actions and resources."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import boto3
from moto.iam.access_control import IAMPolicy, PermissionResult

from tests.integration.policy_calls import ACCOUNT, Call


class Grant(NamedTuple):
    """One action on one resource that a role's policy allows."""

    action: str
    resource: str


def texts(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def matches(statement: dict[str, Any], call: Call) -> bool:
    """Whether a statement matches this action and resource, by moto."""
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **_about(statement)}]}
    permitted = IAMPolicy(json.dumps(policy)).is_action_permitted(call.action, call.resource)
    return permitted == PermissionResult.PERMITTED and _conditions_hold(statement, call)


def _about(statement: dict[str, Any]) -> dict[str, Any]:
    return {key: statement[key] for key in ("Action", "NotAction", "Resource") if key in statement}


def _conditions_hold(statement: dict[str, Any], call: Call) -> bool:
    conditions = statement.get("Condition", {})
    assert conditions.keys() <= {"StringEquals"}, f"not judged here: {conditions}"
    condition_values = {"kms:ViaService": call.via, "iam:PassedToService": call.via}
    return all(condition_values[key] in texts(expected) for key, expected in conditions.get("StringEquals", {}).items())


class Judge:
    """Judges calls by the policies of a role and of keys in the local AWS."""

    def __init__(self, session: boto3.Session) -> None:
        self._iam, self._kms = session.client("iam"), session.client("kms")
        self._roles: dict[str, list[dict[str, Any]]] = {}
        self._keys: dict[str, list[dict[str, Any]]] = {}

    def permits(self, role: str, call: Call) -> bool:
        """Whether the role may make the call."""
        statements = self.statements(role)
        if any(each["Effect"] == "Deny" and matches(each, call) for each in statements):
            return False
        if call.resource == "alias/aws/ssm":
            return True  # the policy of the AWS managed key permits every principal that may read the parameter
        if call.action.startswith("kms:"):
            return bool(self.key_grants(role, call))
        return any(each["Effect"] == "Allow" and matches(each, call) for each in statements)

    def grants(self, role: str) -> Iterator[Grant]:
        """The actions and resources that the role's policies allow."""
        for statement in self.statements(role):
            if statement["Effect"] == "Allow":
                for action in texts(statement["Action"]):
                    yield from (Grant(action, resource) for resource in texts(statement["Resource"]))

    def statements(self, role: str) -> list[dict[str, Any]]:
        """The statements of the role's policies, with the ARNs of this account."""
        if role not in self._roles:
            names = self._iam.list_role_policies(RoleName=role)["PolicyNames"]
            documents: Any = [
                self._iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names
            ]
            self._roles[role] = [statement for document in documents for statement in document["Statement"]]
        return self._roles[role]

    def key_grants(self, role: str, call: Call) -> list[str]:
        """The ids of the statements by which the policy of the call's key lets the role make it."""
        if call.resource not in self._keys:
            policy = json.loads(self._kms.get_key_policy(KeyId=call.resource, PolicyName="default")["Policy"])
            self._keys[call.resource] = policy["Statement"]
        return [
            statement["Sid"]
            for statement in self._keys[call.resource]
            if texts(statement["Principal"]["AWS"]) == [f"arn:aws:iam::{ACCOUNT}:role/{role}"]
            and matches(statement, call)
        ]
