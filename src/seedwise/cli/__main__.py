"""``python -m seedwise.cli``."""

from seedwise.__main__ import main

main()
