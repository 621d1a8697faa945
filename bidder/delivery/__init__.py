"""The feedback on bidding: budgets, allowances, pacing, predicted rates."""
