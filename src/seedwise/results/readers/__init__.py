"""Readers of what experiment trackers write, without the trackers' packages."""

from seedwise.results.readers._recognise import read

__all__ = ["read"]
