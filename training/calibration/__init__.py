"""Fits the market to a user's history: reading, statistics, estimators, table."""
