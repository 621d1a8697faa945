"""Reads the parameters under a path of Parameter Store."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

_PAGE = 10


def under_path(ssm: "SSMClient", path: str, *, secrets: bool) -> dict[str, str]:
    """The values of the parameters under `path`, by name. Without `secrets`, encrypted ones are left out.

    Raises the errors of AWS.
    """
    values: dict[str, str] = {}
    more: Any = {}
    while True:
        page = ssm.get_parameters_by_path(Path=path, WithDecryption=secrets, MaxResults=_PAGE, **more)
        for parameter in page["Parameters"]:
            if secrets or parameter["Type"] != "SecureString":
                values[parameter["Name"].removeprefix(f"{path}/")] = parameter["Value"]
        if not page.get("NextToken"):
            return values
        more = {"NextToken": page["NextToken"]}
