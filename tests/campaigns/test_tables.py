"""The short form of ``benchmarks/campaigns/tables.py``."""


def test_tables_spelled_otherwise_give_the_same_runs_and_broken_ones_runs_or_a_line(campaign, tmp_path):
    ends, wrong = campaign("tables").campaign(tmp_path, 80, seed=1)
    assert wrong == []
    assert ends["spelled otherwise", "read"] > 25
    assert ends["broken", "read"] > 5
    assert ends["broken", "refused"] > 0
