"""Checks answers by published schemas: the JSON Schema of OpenRTB 2.6's response, and the XSD of VAST."""

from typing import Any

from lxml import etree

from tests.support.openrtb_schema import response_validator
from tests.support.xsd import assert_valid


def check_standards(response: dict[str, Any]) -> None:
    """Raises ValueError with the position at which a BidResponse or the markup of a bid is invalid."""
    error = next(response_validator().iter_errors(response), None)
    if error is not None:
        msg = f"the response is not OpenRTB 2.6: {error.json_path}: {error.message[:200]}"
        raise ValueError(msg)
    for seat in response["seatbid"]:
        for bid in seat["bid"]:
            try:
                assert_valid(bid["adm"])
            except (etree.XMLSyntaxError, etree.DocumentInvalid, KeyError) as invalid:
                reason = str(invalid).partition(", line")[0]  # without the position, so that equal faults are summed
                msg = f"the markup of creative {bid.get('crid')} is not VAST: {reason[:200]}"
                raise ValueError(msg) from None
