"""What the tests of compact stores share."""

from .compact_studies import full, noisy_folder, small

__all__ = ["full", "noisy_folder", "small"]
