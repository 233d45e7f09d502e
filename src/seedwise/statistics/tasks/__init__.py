"""What holds across tasks: pooled differences, chances of being better, ranks, aggregates of normalised scores."""
