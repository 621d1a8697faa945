import pytest

from loadtest.plan import BadPlan, Plan, plan


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, Plan(60, 10, "http://127.0.0.1:8000")),
        ({"PORT": "8123", "DURATION": "5", "USERS": "2"}, Plan(5, 2, "http://127.0.0.1:8123")),
        ({"PORT": "", "DURATION": "", "USERS": "", "HOST": ""}, Plan(60, 10, "http://127.0.0.1:8000")),
        ({"HOST": "http://localhost:9000/", "PORT": "8123"}, Plan(60, 10, "http://localhost:9000")),
    ],
)
def test_environment_says_what_to_run(environ: dict[str, str], expected: Plan) -> None:
    assert plan(environ) == expected


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"HOST": "https://bidder.example"}, "HOST=https://bidder.example: only a bidder on this machine"),
        ({"DURATION": "3601"}, "DURATION=3601: give a whole number from 1 to 3600"),
        ({"DURATION": "0"}, "DURATION=0"),
        ({"USERS": "201"}, "USERS=201: give a whole number from 1 to 200"),
        ({"USERS": "-1"}, "USERS=-1"),
        ({"USERS": "many"}, "USERS=many"),
    ],
)
def test_runs_without_bounds_or_elsewhere_are_refused(environ: dict[str, str], said: str) -> None:
    with pytest.raises(BadPlan, match=said):
        plan(environ)
