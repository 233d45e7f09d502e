"""Cases of ``benchmarks/campaigns/system.py`` that take seconds."""

import pytest

CASES = ("newer_store", "others_database", "no_database", "read_only_folder", "full_from_the_start", "two_drivers")


@pytest.fixture(scope="module")
def ground(campaign, tmp_path_factory):
    ground = campaign("system").Ground(tmp_path_factory.mktemp("system"))
    yield ground
    ground.close()


@pytest.mark.parametrize("name", CASES)
def test_what_a_system_does_ends_in_a_line_and_nothing_is_lost(campaign, ground, name):
    system = campaign("system")
    try:
        getattr(system, name)(ground)
    except system.SkippedError as error:
        pytest.skip(str(error))


def test_every_case_is_in_the_campaign(campaign):
    assert set(CASES) <= {case.__name__ for case in campaign("system").CASES}
