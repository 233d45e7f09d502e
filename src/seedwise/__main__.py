"""The program ``seedwise``, also ``python -m seedwise``."""

import sys


def main() -> None:
    """Run the command line; Ctrl-C ends it without a traceback also while its modules are imported."""
    try:
        from seedwise.cli import main as command_line

        command_line()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
