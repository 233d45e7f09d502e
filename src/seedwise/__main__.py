"""``python -m seedwise``."""

from seedwise.cli import main

main()
