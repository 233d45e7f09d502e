"""Readers of what experiment trackers write, without the trackers' packages."""

from seedwise.results.readers._recognise import is_store, read

__all__ = ["is_store", "read"]
