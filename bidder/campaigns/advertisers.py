"""The limits of advertisers in DynamoDB."""

from bidder.campaigns.advertiser_limits import AdvertiserLimits
from bidder.campaigns.named_documents import NamedDocuments
from bidder.errors import UserError, shown


class UnknownAdvertiser(UserError, LookupError):
    """No advertiser of this domain has limits."""

    def __init__(self, domain: str) -> None:
        super().__init__(f"no advertiser {shown(domain)} has limits; `bidder advertisers list` shows those that have")


class AdvertiserRepository(NamedDocuments[AdvertiserLimits]):
    """Reads and writes the limits of advertisers, by domain. Raises DynamoDB's errors."""

    _kind = "advertiser"
    _model = AdvertiserLimits

    def get(self, domain: str) -> AdvertiserLimits:
        """The limits of an advertiser. Raises UnknownAdvertiser."""
        entry = self.read_entries().get(domain)
        if entry is None:
            raise UnknownAdvertiser(domain)
        return entry.document

    def delete(self, name: str) -> None:
        """Deletes the limits of an advertiser; its campaigns stay. Raises UnknownAdvertiser."""
        self.get(name)
        super().delete(name)

    def _name_of(self, document: AdvertiserLimits) -> str:
        return document.domain
