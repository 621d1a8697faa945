"""The restore of a table from its restored copy, and point-in-time restores of the local AWS."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.support.account import mocked_account
from tools.ministack_recovery import ItemChange, items_at
from tools.restore import overwrite


def item(name: str, number: int) -> dict[str, Any]:
    return {"pk": {"S": name}, "sk": {"S": "total"}, "micros": {"N": str(number)}}


def test_changed_and_deleted_items_are_restored_and_later_items_removed() -> None:
    with mocked_account() as account:
        dynamodb = account.dynamodb
        for name, number in {"same": 1, "changed": 2, **{f"deleted-{n}": n for n in range(30)}}.items():
            dynamodb.put_item(TableName="learning", Item=item(name, number))
        for name, number in {"same": 1, "changed": 7, "later": 9}.items():
            dynamodb.put_item(TableName="ledger", Item=item(name, number))

        assert overwrite(dynamodb, "learning", "ledger") == (31, 1)
        assert overwrite(dynamodb, "learning", "ledger") == (0, 0)

        restored, expected = (dynamodb.scan(TableName=table)["Items"] for table in ("ledger", "learning"))
        assert sorted(restored, key=str) == sorted(expected, key=str)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.none() | st.integers(0, 5)), max_size=12), st.integers(-1, 12))
def test_the_items_at_a_time_are_those_of_the_table_at_that_time(
    changes: list[tuple[str, int | None]], at: int
) -> None:
    table: dict[tuple[str, str], Any] = {}
    journal, then = [], {}
    for moment, (name, value) in enumerate(changes):
        key = (name, "total")
        journal.append(ItemChange(moment, "ledger", key, table.get(key)))
        journal.append(ItemChange(moment, "campaigns", key, {"of": "another table"}))
        if value is None:
            table.pop(key, None)
        else:
            table[key] = item(name, value)
        if moment <= at:
            then = dict(table)

    for key, before in items_at(journal, "ledger", at).items():
        if before is None:
            table.pop(key, None)
        else:
            table[key] = before
    assert table == then
