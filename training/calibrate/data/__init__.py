"""Reads a user's history."""
