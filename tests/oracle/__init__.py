"""Slow, obvious oracle: one path at a time, in plain Python and scipy.

Written from the models' documentation and not from the kernels. It shares no code
with the package but the config, whose units it converts itself. One file per process,
found by its name; `world.py` puts them together, `desk.py` trades in that world.
"""
