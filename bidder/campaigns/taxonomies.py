"""The imported category taxonomies in S3, shared by all operators. Bids do not need them."""

from typing import TYPE_CHECKING

from bidder.aws.whole_object import read_object
from bidder.campaigns.taxonomy import Taxonomy

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIX = "taxonomies/"
_SUFFIX = ".json"


class Taxonomies:
    """The store of taxonomies, by their numbers in AdCOM's List: Category Taxonomies. Raises S3's errors."""

    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def put(self, number: int, taxonomy: Taxonomy) -> None:
        """Adds a taxonomy, or replaces the one with this number."""
        self._s3.put_object(
            Bucket=self._bucket,
            Key=f"{PREFIX}{number}{_SUFFIX}",
            Body=taxonomy.model_dump_json().encode(),
            ContentType="application/json",
        )

    def all(self) -> dict[int, Taxonomy]:
        """All taxonomies, by number."""
        taxonomies: dict[int, Taxonomy] = {}
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=PREFIX):
            for item in page.get("Contents", []):
                body, _ = read_object(self._s3, Bucket=self._bucket, Key=item["Key"])
                number = int(item["Key"].removeprefix(PREFIX).removesuffix(_SUFFIX))
                taxonomies[number] = Taxonomy.model_validate_json(body)
        return dict(sorted(taxonomies.items()))
