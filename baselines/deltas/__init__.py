"""Rules that hold a delta."""
