"""The short form of ``benchmarks/campaigns/study_files.py``."""


def test_changed_and_made_up_study_files_are_planned_or_refused_in_one_line(campaign, tmp_path):
    ends, wrong = campaign("study_files").campaign(tmp_path, 60, seed=1)
    assert wrong == []
    planned = sum(count for (_, end), count in ends.items() if end == "planned")
    assert 5 < planned < 55
    assert ends.total() == 60


def test_the_campaign_sees_what_must_not_be(campaign, tmp_path, monkeypatch):
    module = campaign("study_files")
    path = tmp_path / "study.yaml"
    path.write_text("a: 1")

    def ends_with(error):
        def planned(*_):
            raise error

        monkeypatch.setattr(module, "planned", planned)
        return module.end_of(path, None)[0]

    assert ends_with(module.SeedwiseError("one line")) == "refused"
    assert ends_with(module.SeedwiseError("x y " * 200)) == "TOO LONG"
    assert ends_with(KeyError("a")) == "TRACEBACK"
    monkeypatch.setattr(module, "SECONDS", 0.05)
    monkeypatch.setattr(module, "planned", lambda *_: [0 for _ in iter(int, 1)])
    assert module.end_of(path, None)[0] == "TOO SLOW"
