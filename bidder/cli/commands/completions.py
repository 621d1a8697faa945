"""`bidder completions`: the completions of commands for a shell."""

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print the completions for SHELL.

    Write eval "$(bidder completions bash)" in the start file of bash.
    """
    completion = get_completion_class(shell)
    if completion is not None:
        print(completion(context.find_root().command, {}, "bidder", "_BIDDER_COMPLETE").source())
