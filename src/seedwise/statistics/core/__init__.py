"""What every question needs: intervals, corrections for several comparisons, numerics, and what is refused."""
