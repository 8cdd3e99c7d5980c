"""Where rows come from: simulated, recorded or taped."""
