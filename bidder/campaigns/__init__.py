"""What is for sale: campaigns, creatives, targeting, deals, and where they are kept."""
