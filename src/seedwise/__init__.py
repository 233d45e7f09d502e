"""Know how much of your result is the seed. Make it less. Prove it."""

from seedwise._version import __version__

__all__ = ["__version__"]
