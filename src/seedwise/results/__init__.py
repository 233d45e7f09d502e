"""Results from anywhere: what one run is, and the comparison of methods."""
