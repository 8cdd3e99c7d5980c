"""How rules get their numbers."""
