"""The dashboard shows existing metrics, and each row begins with a text on normal values."""

import json
import re
from typing import Any

import pytest

from tests.integration.sam_template import Template, only, referred
from tests.integration.test_alarms import emitted

WIDTH = 24


@pytest.fixture(scope="session")
def widgets(sam: Template) -> list[dict[str, Any]]:
    text = only(sam, "AWS::CloudWatch::Dashboard")["DashboardBody"]["Fn::Sub"]
    widgets_: list[dict[str, Any]] = json.loads(re.sub(r"\$\{([^}]+)\}", r"\1", re.sub(r": \$\{\w+\}", ": 0", text)))[
        "widgets"
    ]
    return widgets_


def metrics(widgets: list[dict[str, Any]]) -> list[list[Any]]:
    graphs = [widget["properties"]["metrics"] for widget in widgets if widget["type"] == "metric"]
    return [metric for graph in graphs for metric in graph if isinstance(metric[0], str)]


def test_each_row_begins_with_a_text_on_normal_values(widgets: list[dict[str, Any]]) -> None:
    rows: dict[int, list[dict[str, Any]]] = {}
    for widget in widgets:
        rows.setdefault(widget["y"], []).append(widget)
    for top, row in sorted(rows.items()):
        assert sum(widget["width"] for widget in row) == WIDTH
        if row[0]["type"] == "metric":
            (text,) = rows[top - 1]
            assert "Normal: " in text["properties"]["markdown"]
    assert len(rows) == 10


def test_the_code_emits_each_shown_metric_of_the_bidder(widgets: list[dict[str, Any]]) -> None:
    dashboard_metrics = {(metric[1], metric[3]) for metric in metrics(widgets) if metric[0] == "AWS::StackName"}
    assert len(dashboard_metrics) > 15
    assert dashboard_metrics - set(emitted()) == set()


def test_shown_metrics_of_aws_are_of_resources_of_the_stack(sam: Template) -> None:
    body = only(sam, "AWS::CloudWatch::Dashboard")["DashboardBody"]
    assert {name for name in referred(body) if "::" not in name} <= sam["Resources"].keys() | sam["Parameters"].keys()


def test_every_graph_has_a_statistic(widgets: list[dict[str, Any]]) -> None:
    assert all("stat" in metric[-1] for metric in metrics(widgets))
