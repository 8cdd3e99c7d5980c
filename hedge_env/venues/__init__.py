"""What a trade costs and what can go wrong with it."""
