"""The IAM actions of an HTTP request to AWS, each with its resource."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

ACCOUNT, REGION = "000000000000", "us-east-1"


class Call(NamedTuple):
    """An action on a resource. `via` is the service that calls it on the caller's behalf."""

    action: str
    resource: str
    via: str | None = None


def signer(headers: Mapping[str, str]) -> tuple[str, str]:
    """The access key and the service of a signature of version 4."""
    match = re.search(r"Credential=([^/]+)/\d+/[^/]+/([^/]+)/aws4_request", headers.get("authorization", ""))
    assert match, "not signed"
    return match[1], match[2]


def calls(method: str, target: str, headers: Mapping[str, str], body: bytes) -> list[Call]:
    """The actions of a signed request. Header names are in lower case. Raises KeyError for an unknown operation."""
    service = signer(headers)[1]
    return list(_SERVICES[service](method, target, headers, body))


def _operation(target: str, headers: Mapping[str, str], body: bytes) -> tuple[str, Mapping[str, Any]]:
    """The operation and its parameters in each of AWS's protocols except REST."""
    if named := headers.get("x-amz-target"):
        return named.rpartition(".")[2], json.loads(body or b"{}")
    if smithy := re.search(r"/operation/(\w+)", target):
        return smithy[1], {}
    form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
    return form["Action"], form


def _s3(method: str, target: str, headers: Mapping[str, str], _body: bytes) -> Iterator[Call]:
    parts = urlsplit(target)
    bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
    arn = f"arn:aws:s3:::{bucket}"
    if not key:
        about = {"PUT publicAccessBlock": "s3:PutBucketPublicAccessBlock", "PUT ": "s3:CreateBucket"}
        yield Call(about.get(f"{method} {parts.query}", "s3:ListBucket"), arn)
        return
    reads = {"GET": "s3:GetObject", "HEAD": "s3:GetObject", "DELETE": "s3:DeleteObject"}
    yield Call(reads.get(method, "s3:PutObject"), f"{arn}/{key}")
    if copy_source := headers.get("x-amz-copy-source"):
        yield Call("s3:GetObject", f"arn:aws:s3:::{unquote(copy_source).lstrip('/')}")
    if method == "PUT" and (kms_key := headers.get("x-amz-server-side-encryption-aws-kms-key-id")):
        yield Call("kms:GenerateDataKey", kms_key, f"s3.{REGION}.amazonaws.com")


def _dynamodb(_: str, target: str, headers: Mapping[str, str], body: bytes) -> Iterator[Call]:
    operation, request = _operation(target, headers, body)
    table = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/"
    if "TransactItems" in request:
        for item in request["TransactItems"]:
            ((kind, action),) = item.items()
            yield Call(
                f"dynamodb:{'ConditionCheckItem' if kind == 'ConditionCheck' else f'{kind}Item'}",
                table + action["TableName"],
            )
    elif "RequestItems" in request:
        yield from (Call(f"dynamodb:{operation}", table + name) for name in request["RequestItems"])
    else:
        yield Call(f"dynamodb:{operation}", table + request["TableName"])


def _sns(_: str, target: str, headers: Mapping[str, str], body: bytes) -> Iterator[Call]:
    operation, request = _operation(target, headers, body)
    yield Call(f"sns:{operation.removesuffix('Batch')}", request["TopicArn"])


def _sqs(_: str, target: str, headers: Mapping[str, str], body: bytes) -> Iterator[Call]:
    operation, request = _operation(target, headers, body)
    queue = request["QueueUrl"].rpartition("/")[2]
    yield Call(f"sqs:{operation.removesuffix('Batch')}", f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}")


def _ssm(_: str, target: str, headers: Mapping[str, str], body: bytes) -> Iterator[Call]:
    operation, request = _operation(target, headers, body)
    yield Call(f"ssm:{operation}", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter{request.get('Path') or request['Name']}")
    if request.get("WithDecryption"):
        yield Call("kms:Decrypt", "alias/aws/ssm", f"ssm.{REGION}.amazonaws.com")


def _lambda(method: str, target: str, _: Mapping[str, str], __: bytes) -> Iterator[Call]:
    parts = urlsplit(target)
    match = re.fullmatch(r"/2015-03-31/functions/([^/]+)/?(invocations|versions|aliases/([^/]+))?", unquote(parts.path))
    assert match, target
    function, qualifier = match[1], match[3] or parse_qs(parts.query).get("Qualifier", [""])[0]
    if match[2] == "versions" or method == "DELETE":
        action = "lambda:DeleteFunction" if method == "DELETE" else "lambda:ListVersionsByFunction"
        yield Call(action, f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}")
        return
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}" + (f":{qualifier}" if qualifier else "")
    yield Call("lambda:InvokeFunction" if method == "POST" else "lambda:GetAlias", arn)


def _cloudwatch(_: str, target: str, headers: Mapping[str, str], body: bytes) -> Iterator[Call]:
    yield Call(f"cloudwatch:{_operation(target, headers, body)[0]}", "*")


def _codedeploy(_method: str, target: str, headers: Mapping[str, str], body: bytes) -> Iterator[Call]:
    operation, _ = _operation(target, headers, body)
    # a deployment names its group only to CodeDeploy; CloudFormation begins the names of both with the stack's name
    yield Call(
        f"codedeploy:{operation}", f"arn:aws:codedeploy:{REGION}:{ACCOUNT}:deploymentgroup:bidder-app/bidder-group"
    )


def _cloudformation(_method: str, target: str, headers: Mapping[str, str], body: bytes) -> Iterator[Call]:
    operation, request = _operation(target, headers, body)
    arn = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{request['StackName']}/id"
    yield Call(f"cloudformation:{operation}", arn)
    if operation == "CreateChangeSet":
        yield Call(
            f"cloudformation:{operation}", f"arn:aws:cloudformation:{REGION}:aws:transform/Serverless-2016-10-31"
        )
        if role := request.get("RoleARN"):
            yield Call("iam:PassRole", role, "cloudformation.amazonaws.com")


def _sts(_method: str, _target: str, _headers: Mapping[str, str], _body: bytes) -> Iterator[Call]:
    yield from ()  # GetCallerIdentity needs no permission


_SERVICES = {
    "cloudformation": _cloudformation,
    "sts": _sts,
    "s3": _s3,
    "dynamodb": _dynamodb,
    "sns": _sns,
    "sqs": _sqs,
    "ssm": _ssm,
    "lambda": _lambda,
    "monitoring": _cloudwatch,
    "codedeploy": _codedeploy,
}
