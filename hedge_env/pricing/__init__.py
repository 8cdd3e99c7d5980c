"""Closed forms: a scalar kernel each, written once."""
