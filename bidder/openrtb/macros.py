"""Substitution macros, which an exchange replaces in our notice URLs and markup (OpenRTB 2.6, section 4.4).

A notice may have an empty value, `AUDIT`, the macro itself, or an encoded value.
"""

AUCTION_ID = "${AUCTION_ID}"
AUCTION_BID_ID = "${AUCTION_BID_ID}"
AUCTION_IMP_ID = "${AUCTION_IMP_ID}"
AUCTION_SEAT_ID = "${AUCTION_SEAT_ID}"
AUCTION_AD_ID = "${AUCTION_AD_ID}"
AUCTION_PRICE = "${AUCTION_PRICE}"
AUCTION_CURRENCY = "${AUCTION_CURRENCY}"
AUCTION_MBR = "${AUCTION_MBR}"
AUCTION_LOSS = "${AUCTION_LOSS}"
AUCTION_MIN_TO_WIN = "${AUCTION_MIN_TO_WIN}"
AUCTION_MULTIPLIER = "${AUCTION_MULTIPLIER}"
AUCTION_IMP_TS = "${AUCTION_IMP_TS}"
