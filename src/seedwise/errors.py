"""What seedwise raises for a mistake that its user can mend."""


class SeedwiseError(Exception):
    """A mistake with a one-line remedy: the command line prints the message and no traceback.

    Attributes:
        exit_code: what the command line exits with.

    """

    exit_code = 2


class ChangedCodeError(SeedwiseError):
    """The code that trains differs from the code that trained the finished runs."""

    exit_code = 3


class StorageError(SeedwiseError):
    """The disk is full, the folder read-only, or a file damaged."""

    exit_code = 4
