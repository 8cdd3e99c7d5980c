"""What everything stands on: kernels, types, errors, files, rows."""
