"""Recorded market history: CSV files, a regular clock, windows split by date."""
