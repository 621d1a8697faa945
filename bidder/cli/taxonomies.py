"""`bidder taxonomies`: imports the category taxonomies of IAB Tech Lab, which have the ancestors of categories."""

from collections.abc import Callable

from bidder.campaigns.categories import with_taxonomies
from bidder.campaigns.taxonomy import InvalidTaxonomy, read_taxonomy
from bidder.cli.output import note, number_of, print_json, print_table
from bidder.cli.refresh import publish_refresh
from bidder.files.opened import naming_file, open_binary
from bidder.normal_forms import CONTENT_TAXONOMY_1
from bidder.service.service import Service

NAMES = {
    2: "Content Taxonomy 2.0",
    3: "Ad Product Taxonomy 1.0",
    4: "Audience Taxonomy 1.1",
    5: "Content Taxonomy 2.1",
    6: "Content Taxonomy 2.2",
    7: "Content Taxonomy 3.0",
    8: "Ad Product Taxonomy 2.0",
    9: "Content Taxonomy 3.1",
}
"""AdCOM List: Category Taxonomies, without number 1, whose ids contain their parents."""


def import_taxonomy(
    service: Service, number: int, path: str, tell_stored: Callable[[str], None] = lambda _: None
) -> None:
    """Stores the taxonomy, and updates the stored campaigns.

    Raises InvalidTaxonomy, StaleCampaign, OSError.
    """
    if number == CONTENT_TAXONOMY_1:
        msg = "the ids of taxonomy 1, such as IAB1-3, contain their parents: nothing to import"
        raise InvalidTaxonomy(msg)
    with open_binary(path) as file, naming_file(path):
        taxonomy = read_taxonomy(file.read())
    service.taxonomies.put(number, taxonomy)
    tell_stored(f"taxonomy {number} is stored, campaigns are not updated: import it again to continue")
    print(f"taxonomy {number}, {NAMES.get(number, 'not of AdCOM')}: {number_of(len(taxonomy.parents), 'category')}")
    taxonomies = service.taxonomies.all()
    changed = 0
    for campaign in service.campaigns.all():
        if with_taxonomies(campaign, taxonomies) != campaign:
            # read again with the version, so that no concurrent change is lost
            stored = service.campaigns.get(campaign.id)
            if stored.campaign:
                changed += service.campaigns.put(with_taxonomies(stored.campaign, taxonomies), stored.version)
                tell_stored(
                    f"taxonomy {number} is stored, {changed} campaigns are updated: import it again to continue"
                )
    print(f"{number_of(changed, 'campaign')} changed by it")
    if changed:
        publish_refresh(service)


def list_taxonomies(service: Service, *, as_json: bool) -> None:
    """Prints the imported taxonomies."""
    taxonomies = service.taxonomies.all()
    if as_json:
        print_json(
            [
                {"number": number, "taxonomy": NAMES.get(number), "categories": len(taxonomy.parents)}
                for number, taxonomy in taxonomies.items()
            ]
        )
        return
    rows = ((str(number), NAMES.get(number, ""), str(len(taxonomy.parents))) for number, taxonomy in taxonomies.items())
    print_table(("number", "taxonomy", "categories"), rows, left_aligned=2)
    if not taxonomies:
        note("none: `bidder taxonomies import 6 FILE` adds one; docs/targeting.md says where from")
