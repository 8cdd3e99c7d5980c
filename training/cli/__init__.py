"""Reads the command line; imports no numbers."""
