from bidder.cli.table import table


def test_the_first_column_is_left_aligned_and_figures_are_right_aligned() -> None:
    assert (
        table(("", "n"), [("requests", "7"), ("bids", "1,234")]) == "              n\nrequests      7\nbids      1,234"
    )
