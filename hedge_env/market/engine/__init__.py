"""Where the processes meet: state, noise, start, simulator."""
