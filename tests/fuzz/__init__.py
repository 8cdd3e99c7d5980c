"""Made-up and damaged files: a right result or one sentence, never anything else."""
