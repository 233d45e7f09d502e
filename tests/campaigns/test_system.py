"""Cases of ``benchmarks/campaigns/system.py`` that take seconds."""

import pytest

CASES = ("newer_store", "others_database", "no_database", "read_only_folder", "full_from_the_start", "two_drivers")


@pytest.fixture(scope="module")
def system(campaign):
    return campaign("system")


@pytest.fixture(scope="module")
def ground(system, tmp_path_factory):
    ground = system.Ground(tmp_path_factory.mktemp("system"))
    yield ground
    ground.close()


@pytest.mark.parametrize("name", CASES)
def test_what_a_system_does_ends_in_a_line_and_nothing_is_lost(system, ground, name):
    end, problem = system.end_of(getattr(system, name), ground)
    assert problem is None
    if end.startswith("skipped"):
        pytest.skip(end)
    assert end == "as it must"


def test_a_case_that_ends_otherwise_is_named(system, ground):
    """A table that is compared is no line of refusal, and ends with 0."""

    def refused(ground):
        ground.whole.seedwise("compare", "table.csv").is_line(2, "no table")

    end, problem = system.end_of(refused, ground)
    assert end == "WRONG"
    assert problem.startswith("refused: exit code 0, not 2")


def test_every_case_is_in_the_campaign(system):
    assert set(CASES) <= {case.__name__ for case in system.CASES}
