"""Stitchers: servers for server-side ad insertion (SSAI), which call the bidder on behalf of viewers."""

from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field, RootModel


def _network(text: str) -> str:
    from ipaddress import ip_network

    return str(ip_network(text))


Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,32}$")]
Network = Annotated[str, AfterValidator(_network)]


class Stitchers(RootModel[dict[Name, tuple[Network, ...]]]):
    """The networks of each stitcher by name, such as `{"acme": ["198.51.100.0/24"]}`."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    def name_at(self, address: str) -> str | None:
        """The name of the stitcher whose networks contain this address, or None."""
        if not self.root:
            return None
        from ipaddress import ip_address, ip_network

        try:
            caller = ip_address(address)
        except ValueError:
            return None
        for name, networks in self.root.items():
            if any(caller in ip_network(network) for network in networks):
                return name
        return None


NO_STITCHERS = Stitchers.model_construct({})
