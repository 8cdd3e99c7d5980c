"""Rules that share wealth out."""
