"""The taxonomies that an operator has imported, in S3: one for all laptops, and nothing that ships to Lambda."""

from typing import TYPE_CHECKING

from bidder.campaigns.taxonomy import Taxonomy

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIX = "taxonomies/"
_SUFFIX = ".json"


class Taxonomies:
    """Keeps taxonomies by their numbers in AdCOM's list. S3's own errors pass through."""

    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def put(self, number: int, taxonomy: Taxonomy) -> None:
        """Adds it, or replaces the one of this number."""
        self._s3.put_object(
            Bucket=self._bucket,
            Key=f"{PREFIX}{number}{_SUFFIX}",
            Body=taxonomy.model_dump_json().encode(),
            ContentType="application/json",
        )

    def all(self) -> dict[int, Taxonomy]:
        """All of them, by number."""
        found: dict[int, Taxonomy] = {}
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=PREFIX):
            for item in page.get("Contents", []):
                body = self._s3.get_object(Bucket=self._bucket, Key=item["Key"])["Body"].read()
                number = int(item["Key"].removeprefix(PREFIX).removesuffix(_SUFFIX))
                found[number] = Taxonomy.model_validate_json(body)
        return dict(sorted(found.items()))
