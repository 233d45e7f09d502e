"""``python -m seedwise.cli``: the program, which is above this package and so not imported by it."""

import runpy

runpy.run_module("seedwise", run_name="__main__", alter_sys=True)
