"""What a store keeps of a search: stores of earlier versions are read."""

from seedwise.tuning._record import Choice, SearchRecord, Setting

STORED = {
    "of": "tiny", "method": "other", "base": "base", "floor": 0.5, "earlier": ["trial-0"],
    "options": {
        "method": "other", "space": {"config.noise": {"low": 0.05, "high": 1.0, "log": False, "choices": None}},
        "objective": {"name": "mean", "floor": None, "c": 1.0, "spread": "sd"}, "trials": 2, "replicates": 4,
        "tune_base": False, "fresh": 6,
    },
    "settings": {
        "base": {"arm": "base", "params": {}, "state": "finished"},
        "trial-0": {"arm": "tuned", "params": {"config.noise": 0.5}, "state": "pruned"},
    },
    "study": {"name": "tiny"},
}  # fmt: skip
ENDED = {"chosen": None, "chosen_base": "base", "importances": "2 finished trials: importances take 10", "fresh": None}


def test_a_search_is_written_as_it_was_read():
    for stored in (STORED, STORED | ENDED):
        assert SearchRecord.from_json(stored).to_json() == stored


def test_a_search_that_goes_on_has_no_choice_and_one_without_a_good_trial_chose_none():
    going = SearchRecord.from_json(STORED)
    assert going.choice is None
    assert going.settings["trial-0"] == Setting("tuned", {"config.noise": 0.5}, "pruned")
    assert SearchRecord.from_json(STORED | ENDED).choice == Choice(**ENDED)


def test_options_that_go_with_other_objectives_are_stored_and_do_not_matter():
    """Every option of an objective is stored; in a study file 'spread' would be refused for the mean."""
    objective = SearchRecord.from_json(STORED).objective
    assert (objective.name, objective.judged_spread) == ("mean", "sd")


def test_a_study_that_is_no_search_holds_none():
    assert SearchRecord.of_study({"spec": {}}) is None
    assert SearchRecord.of_study(None) is None
