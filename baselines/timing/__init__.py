"""Rules that decide when to trade."""
