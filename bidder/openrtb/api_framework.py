"""API frameworks (VPAID, MRAID, OMID) (AdCOM 1.0, List: API Frameworks)."""

from enum import IntEnum


class ApiFramework(IntEnum):
    """The values of `Video.api` and `Bid.apis`."""

    VPAID_1 = 1
    VPAID_2 = 2
    MRAID_1 = 3
    ORMMA = 4
    MRAID_2 = 5
    MRAID_3 = 6
    OMID_1 = 7
    SIMID_1_0 = 8
    SIMID_1_1 = 9
