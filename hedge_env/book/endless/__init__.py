"""Positions that go on beyond the episode: funded all the time, or sold anew."""
