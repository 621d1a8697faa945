"""Reads the parameters for a command, which can wait longer than a bid."""

from bidder.background_refresh import NotRead
from bidder.errors import UserError
from bidder.service.current_parameters import CurrentParameters
from bidder.service.service import Service

PATIENCE = 30.0
"""Seconds that a command waits for the parameters. A bid waits one second."""


class ParametersNotRead(UserError):
    """Parameter Store and the copy of the parameters in S3 do not answer."""


def read_parameters(service: Service, patience: float = PATIENCE) -> CurrentParameters:
    """The parameters, which have been read. Raises ParametersNotRead, and the errors of the read."""
    try:
        service.current_parameters.value(patience)
    except NotRead:
        where = service.settings.parameters
        msg = f"the parameters under {where} were not read within {patience:g} s: Parameter Store does not answer"
        raise ParametersNotRead(msg) from None
    return service.current_parameters
