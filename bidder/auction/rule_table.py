"""The one table of rules, in the order of evaluation. A campaign that no rule rejects bids.

Matching applies the first rows to sets of campaigns, the decision checks the next rows campaign by campaign, and the
answer applies the last rows to the offers. Explain reports the first broken row; metrics and replay count by its name.
"""

from bidder.auction.answer_rules import ANSWER_RULES
from bidder.auction.matching_rules import PACING, TARGETING_RULES, WITHHELD
from bidder.auction.rule import AnyRule, names_of
from bidder.auction.rules import DECISION_RULES

RULES: tuple[AnyRule, ...] = (WITHHELD, *TARGETING_RULES, PACING, *DECISION_RULES, *ANSWER_RULES)
RULE_NAMES = names_of(RULES)
