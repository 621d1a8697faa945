"""The feedback from spend to bids: budgets, pacing, allowances, frequency caps, predicted rates, the win model."""
