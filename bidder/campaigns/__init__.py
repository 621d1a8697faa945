"""Campaigns: their creatives, targeting, deals and budgets, their files, and their store in DynamoDB."""
