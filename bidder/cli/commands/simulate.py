"""`bidder simulate`: a scenario in a simulated market."""

from pathlib import Path

import click

from bidder.cli.session import json_option


@click.command()
@click.argument("scenario", type=click.Path(path_type=Path))
@click.option(
    "--out", metavar="DIR", type=click.Path(path_type=Path), help="A folder for figures and plots (SVG, PNG)."
)
@json_option
def command(scenario: Path, out: Path | None, as_json: bool) -> None:
    """Run a SCENARIO file in a simulated market.

    The result is spend, plan, evenness and plots. It needs no AWS.

    It is YAML, such as bidder/simulator/scenarios/flat.yaml.
    """
    from bidder.cli.simulate import print_simulation

    print_simulation(scenario, out, as_json=as_json)
