"""The parameters under a path of Parameter Store."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

_PAGE = 10


def under_path(ssm: "SSMClient", path: str, *, secrets: bool) -> dict[str, str]:
    """Their values, by name; without `secrets` those that are encrypted are left out. AWS's own errors pass through."""
    found: dict[str, str] = {}
    more: Any = {}
    while True:
        page = ssm.get_parameters_by_path(Path=path, WithDecryption=secrets, MaxResults=_PAGE, **more)
        for its in page["Parameters"]:
            if secrets or its["Type"] != "SecureString":
                found[its["Name"].removeprefix(f"{path}/")] = its["Value"]
        if not page.get("NextToken"):
            return found
        more = {"NextToken": page["NextToken"]}
