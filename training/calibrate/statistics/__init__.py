"""Statistics of a history."""
