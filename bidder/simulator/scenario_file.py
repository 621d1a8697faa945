"""Reads a scenario file. All mistakes are reported with their lines, before the simulation starts."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from bidder.campaigns.campaign import Campaign
from bidder.files.mistakes import Mistake, line, mistakes, nearest
from bidder.files.text import InvalidFile, text_of
from bidder.files.tree import position_of
from bidder.files.yaml_tree import read_yaml
from bidder.openrtb.parse import InvalidRequest, parse
from bidder.simulator.campaigns import documents, edit_document, whole_campaign
from bidder.simulator.scenario import InvalidScenario, Scenario
from bidder.simulator.traffic import request_document

_ZERO_BUDGET = "must be more than 0"


def read_scenario(path: Path) -> Scenario:
    """The scenario of a YAML file. Raises InvalidScenario, OSError."""
    try:
        root = read_yaml(text_of(path.read_bytes(), str(path)), str(path))
    except InvalidFile as error:
        raise InvalidScenario(str(error)) from None
    document = root.core()
    scenario = None
    try:
        scenario = Scenario.model_validate(document)
        faults = list(_inner_mistakes(scenario))
    except ValidationError as error:
        faults = mistakes(error, Scenario, document)
    if faults or scenario is None:
        lines = [line(position_of(root, fault.path), fault, document, str(path), "") for fault in faults]
        raise InvalidScenario("\n".join(lines))
    return scenario


def _inner_mistakes(scenario: Scenario) -> Iterator[Mistake]:
    """The mistakes in campaigns, edits and requests, whose formats are not part of the scenario's schema."""
    for number, kind in enumerate(scenario.requests):
        try:
            parse(json.dumps(request_document(kind.openrtb, scenario.market.at)).encode())
        except InvalidRequest as error:
            yield Mistake(("requests", number, "openrtb"), str(error))
    yield from _campaign_mistakes(scenario)


def _campaign_mistakes(scenario: Scenario) -> Iterator[Mistake]:
    names: set[str] = set()
    for number, document in enumerate(scenario.campaigns):
        name = str(document.get("id", f"campaign-{number}"))
        if name in names:
            yield Mistake(("campaigns", number), f"the id {name} is given twice: each campaign needs its own id")
        names.add(name)
        yield from _faults(name, document, document, ("campaigns", number))
    for number, copies in enumerate(scenario.copies):
        yield from _faults("copy", copies.document, copies.document, ("copies", number, "document"))
    try:
        current = documents(scenario)
    except (TypeError, ValueError) as error:
        yield Mistake(("copies",), str(error))
        return
    for number, event in sorted(enumerate(scenario.events), key=lambda each: each[1].at_hour):
        if event.kind != "edit":
            continue
        name = event.campaign or ""
        if name not in current:
            meant = nearest(name, current)
            advice = f"; did you mean {meant}?" if meant else ""
            yield Mistake(("events", number, "campaign"), f"no campaign has the id {name!r}{advice}")
            continue
        current[name] = edit_document(current[name], event.change)
        yield from _faults(name, current[name], event.change, ("events", number, "change"))


def _faults(name: str, document: Mapping[str, Any], written: object, base: tuple[str | int, ...]) -> Iterator[Mistake]:
    """The mistakes of a campaign. `written` is the part of the campaign that the file has at the path `base`."""
    model: type[BaseModel] = Campaign
    try:
        whole_campaign(name, document)
    except ValidationError as error:
        for each in mistakes(error, model, document):
            message = each.message
            if message == _ZERO_BUDGET and each.path[:1] == ("budget",):
                message += "; `status: paused` stops a campaign"
            yield Mistake((*base, *_present(each.path, written)), f"campaign {name}: {_name_field(each.path, message)}")


def _present(path: tuple[str | int, ...], written: object) -> tuple[str | int, ...]:
    """The start of a path that exists in `written`: an edit may be invalid only together with the fields before it."""
    present: list[str | int] = []
    for step in path:
        if isinstance(written, Mapping) and step in written:
            written = written[str(step)]
        elif isinstance(written, list) and isinstance(step, int) and step < len(written):
            written = written[step]
        else:
            break
        present.append(step)
    return tuple(present)


def _name_field(path: tuple[str | int, ...], message: str) -> str:
    field = ".".join(map(str, path))
    return f"{field}: {message}" if field else message
