"""`bidder taxonomies` stores a taxonomy and adds the descendants of categories to stored campaigns."""

import json
from pathlib import Path

from tests.support.account import Account
from tests.support.campaigns import campaign
from tests.unit.cli.conftest import Command

TREE = "Unique ID\tParent\tName\n1\t\tTop\n2\t1\tBelow\n"


def test_an_imported_taxonomy_updates_campaigns_with_its_categories(
    account: Account, command: Command, tmp_path: Path
) -> None:
    file = tmp_path / "tree.tsv"
    file.write_text(TREE)
    campaigns = account.service().campaigns
    campaigns.put_many([campaign(id="top", targeting={"category": {"include": ["6/1"]}}), campaign(id="other")])
    listing = command("taxonomies", "list")
    assert "none: `bidder taxonomies import 6 FILE` adds one" in listing.err

    status, out, _ = command("taxonomies", "import", "6", str(file))

    assert status == 0
    assert out.splitlines()[:2] == ["taxonomy 6, Content Taxonomy 2.2: 2 categories", "1 campaign changed by it"]
    assert out.splitlines()[2].startswith("refresh requested (")
    assert campaigns.get("top").version == 2
    assert campaigns.get("other").version == 1
    assert command("taxonomies", "import", "6", str(file)).out.endswith("0 campaigns changed by it\n")
    assert command("taxonomies", "list").out.splitlines()[1].split() == ["6", "Content", "Taxonomy", "2.2", "2"]
    assert json.loads(command("taxonomies", "list", "--json").out) == [
        {"number": 6, "taxonomy": "Content Taxonomy 2.2", "categories": 2}
    ]


def test_taxonomy_1_needs_no_file(command: Command, tmp_path: Path) -> None:
    status, _, err = command("taxonomies", "import", "1", str(tmp_path / "none.tsv"))

    assert status == 1
    assert "nothing to import" in err
