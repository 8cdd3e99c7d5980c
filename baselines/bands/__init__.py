"""Rules that leave holdings alone within a band."""
