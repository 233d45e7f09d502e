"""One's own training loop: its replicates, what is shown of them, and how they end."""

from seedwise.loop._replicates import replicates

__all__ = ["replicates"]
