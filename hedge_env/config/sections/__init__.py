"""The sections of a config file, one model each."""
