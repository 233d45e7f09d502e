"""The programs here run in environments of their own: they are no modules of ours."""

collect_ignore_glob = ["make_samples.py", "write_*.py", "conf/*"]
