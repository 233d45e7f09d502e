"""What statistics are given: cells, their metrics, how they are paired by seed, and what a study is asked."""
