from bidder.cli.table import table


def test_first_column_is_to_the_left_and_figures_to_the_right() -> None:
    assert (
        table(("", "n"), [("requests", "7"), ("bids", "1,234")]) == "              n\nrequests      7\nbids      1,234"
    )
