"""A fake Parameter Store in memory, with pages of two parameters."""

from typing import Any


class FakeSSM:
    def __init__(self, path: str, values: dict[str, str], encrypted: frozenset[str] = frozenset()) -> None:
        self.path = path
        self.values = values
        self.encrypted = encrypted
        self.broken = False
        self.reads = 0

    def get_parameters_by_path(
        self,
        *,
        Path: str,  # noqa: N803
        WithDecryption: bool,  # noqa: N803
        MaxResults: int,  # noqa: N803
        NextToken: str = "0",  # noqa: N803
    ) -> dict[str, Any]:
        if self.broken:
            raise ConnectionError
        assert Path == self.path
        assert 1 <= MaxResults <= 10, "AWS takes no more"
        self.reads += 1
        start = int(NextToken)
        page = [self._parameter(name, WithDecryption) for name in sorted(self.values)[start : start + 2]]
        more = start + 2 < len(self.values)
        return {"Parameters": page, **({"NextToken": str(start + 2)} if more else {})}

    def _parameter(self, name: str, decrypted: bool) -> dict[str, Any]:
        secret = name in self.encrypted
        value = "AQICAHh…" if secret and not decrypted else self.values[name]
        return {"Name": f"{self.path}/{name}", "Type": "SecureString" if secret else "String", "Value": value}
