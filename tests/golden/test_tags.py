"""Golden ad tags: the files of `tags/`, through GET /vast.

- `description`, `source` and `campaigns` as in `auctions/`. `tag` is the query, `headers` come with it.
- `answer`: the `status`; `vast`, XPaths into the document without namespaces with all that is found there; `fields` of
  a 400.
"""

import json
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from bidder.campaigns.campaign import Campaign
from bidder.endpoints.ad_tag import vast
from bidder.endpoints.tag_call import TagCall
from tests.golden.auction import campaigns_of
from tests.golden.test_auctions import vast as document_of
from tests.support.campaigns import NOW, compile_snapshot
from tests.support.service import service

PATHS = sorted((Path(__file__).parent / "tags").glob("*.json"))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_answer(path: Path) -> None:
    golden = json.loads(path.read_text())
    snapshot = compile_snapshot([Campaign.model_validate(campaign) for campaign in campaigns_of(golden)])
    query = parse_qs(golden["tag"], keep_blank_values=True)
    tag = TagCall(query, golden.get("headers", {}), "203.0.113.7", "https://bid.example", NOW, "auction")

    reply = vast(service(snapshot), tag)

    assert reply.status == golden["answer"]["status"]
    if reply.status == 400:
        assert sorted(json.loads(reply.body)["fields"]) == golden["answer"]["fields"]
        return
    document = document_of(str(reply.body))
    for xpath, values in golden["answer"]["vast"].items():
        assert [getattr(part, "text", part) for part in document.xpath(xpath)] == values, xpath


def test_the_folder_of_golden_tags_is_not_empty() -> None:
    assert len(PATHS) >= 14
