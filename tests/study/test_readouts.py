"""Readouts of a study: what is asked, computed, kept, and seen as cells."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from seedwise.data import load
from seedwise.errors import SeedwiseError
from seedwise.study import Store, Study, StudyFolder, parse_study, unread

DIGITS = """
name: digits
task: {dataset: digits}
model: small_cnn
train: {epochs: 2, batch_size: 64, optimizer: {name: sgd, lr: 0.1, momentum: 0.9}}
replicates: 2
keep: {weights: snapshots, last_epochs: 2}
"""


def write(folder, text=DIGITS, **keys) -> Study:
    file = folder / "digits.yaml"
    file.write_text(text + "".join(f"{key}: {value}\n" for key, value in keys.items()))
    return Study.from_yaml(file)


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    """A finished study to which readouts are added."""
    folder = tmp_path_factory.mktemp("read")
    methods = "{base: {}, cyclic: {snapshots: {cycles: 2}, schedule: cosine}}"
    first = write(folder, methods=methods).run(workers=1)
    readouts = "[crop25, average-2, average-2+crop81, snapshots, snapshots+crop25, ensemble-2]"
    study = write(folder, methods=methods, readouts=readouts)
    return folder, first, study, study.run(workers=1)


def network(states: list[dict]) -> torch.nn.Module:
    """Return the digits network with weights averaged by hand."""
    from seedwise.models import small_cnn

    made = small_cnn(1, 10)
    made.load_state_dict({name: sum(state[name] for state in states) / len(states) for name in states[0]})
    return made.eval()


def kept_state(folder, run_id: str, tag: str) -> dict:
    return torch.load(StudyFolder(folder / "digits.d").weights_file(run_id, tag), weights_only=True)


def test_a_readout_added_to_a_finished_study_costs_inference_only(read):
    _, first, study, outcome = read
    assert (first.trained, first.read) == (4, 0)
    assert (outcome.trained, outcome.read, outcome.unread) == (0, 2 * 3 + 2 * 5, 0)
    again = study.run(workers=1)
    assert (again.trained, again.read) == (0, 0)
    with Store(study.store_path) as store:
        assert {run.attempt for run in store.runs()} == {0}


def test_logits_of_readouts_are_those_of_a_plain_loop(read):
    folder, _, study, _ = read
    dataset = load("digits")
    images = dataset.test.images

    def moved(down: int, across: int) -> torch.Tensor:
        padded = torch.zeros(len(images), 10, 10, 1, dtype=torch.uint8)
        padded[:, 1 + down : 9 + down, 1 + across : 9 + across] = images
        return dataset.normalise(padded[:, 1:9, 1:9])

    shifts = [(down, across) for down in (-1, 0, 1) for across in (-1, 0, 1)]
    with Store(study.store_path) as store, torch.no_grad():
        for run in store.runs():
            final, before = (kept_state(folder, run.run_id, tag) for tag in ("final", "epoch-0"))
            last = kept_state(folder, run.run_id, "epoch-1")
            assert all(torch.equal(final[name], last[name]) for name in final)
            assert not all(torch.equal(before[name], last[name]) for name in last)
            plain, averaged = network([last]), network([before, last])
            expected = {
                "crop25": torch.stack([plain(moved(*shift)) for shift in shifts]).mean(0),
                "average-2": averaged(moved(0, 0)),
                "average-2 + crop81": torch.stack([averaged(moved(*shift)) for shift in shifts]).mean(0),
            }
            if run.link.method == "cyclic":
                snapshots = [network([kept_state(folder, run.run_id, tag)]) for tag in ("snapshot-1", "snapshot-2")]
                views = [[net(moved(*shift)) for shift in shifts] for net in snapshots]
                expected["snapshots"] = (views[0][4] + views[1][4]) / 2
                expected["snapshots + crop25"] = torch.stack(views[0] + views[1]).mean(0)
            read_out = store.readouts()
            assert {name for run_id, name in read_out if run_id == run.run_id} == set(expected)
            for name, logits in expected.items():
                (found,) = store.predictions([run.run_id], tag=name).values()
                np.testing.assert_allclose(found.logits, logits.numpy(), rtol=2e-3, atol=2e-3)  # half precision
                np.testing.assert_array_equal(found.ids, dataset.test.ids)
                accuracy = np.mean(found.predicted == dataset.test.labels.numpy())
                assert read_out[run.run_id, name].metrics["test/accuracy"] == accuracy
                loss = torch.nn.functional.cross_entropy(logits, dataset.test.labels).item()
                assert read_out[run.run_id, name].metrics["test/loss"] == pytest.approx(loss, rel=1e-4)


def test_every_method_and_readout_is_a_cell_of_the_same_replicates(read):
    _, _, study, _ = read
    plain, *others = study.cells()
    names = ["plain", "crop25", "average-2", "average-2 + crop81"]
    assert [(cell.method, cell.readout) for cell in (plain, *others)] == [
        *(("base", name) for name in names),
        *(("cyclic", name) for name in (*names, "snapshots", "snapshots + crop25")),
    ]
    assert {tuple(cell.keys) for cell in (plain, *others)} == {((0, 0), (0, 1))}
    for cell in others:
        assert cell.status == ("finished", "finished")
        assert cell.predictions.shape == plain.predictions.shape == (2, 360)
        assert not np.array_equal(cell.predictions, plain.predictions)


def test_what_inference_costs_is_measured_beside_a_plain_evaluation(read):
    _, _, study, _ = read
    with Store(study.store_path) as store:
        found = store.readouts()
    by_name = {name: one for (_, name), one in found.items()}
    assert by_name.pop("snapshots").seconds is None  # from kept logits
    assert {name: one.passes for name, one in by_name.items()} == {
        "crop25": 9,
        "average-2": 1,
        "average-2 + crop81": 9,
        "snapshots + crop25": 18,
    }
    assert all(one.seconds > 0 and one.plain_seconds > 0 for one in by_name.values())
    assert by_name["crop25"].preparation_seconds is None
    assert by_name["average-2"].preparation_seconds > 0


def test_readouts_are_no_part_of_a_runs_name():
    names = [
        [planned.spec.id for planned in Study.from_text(DIGITS + extra).plan()]
        for extra in ("", "readouts: [crop25, average-2 + crop81]\n")
    ]
    assert names[0] == names[1]


def test_weights_that_nobody_kept_are_named_and_trained_again_on_demand(tmp_path):
    kept = "keep: {weights: snapshots, last_epochs: 2}\n"
    two = DIGITS.replace(kept, "keep: {weights: final}\n")
    bare = DIGITS.replace(kept, "").replace("replicates: 2", "replicates: 1")
    write(tmp_path, text=bare).run(workers=1)
    wanting = write(tmp_path, text=two, readouts="[crop25]")
    with pytest.raises(SeedwiseError) as caught:
        wanting.run(workers=1)
    assert str(caught.value) == (
        "the readout 'crop25' needs the final weights of 1 finished run, which were not kept: "
        "'keep: {weights: final}' keeps them, and --retrain trains these runs again (the old results stay in the store)"
    )
    with Store(wanting.store_path) as store:
        assert [run.status for run in store.runs()] == ["finished", "pending"]
    outcome = wanting.run(workers=1, retrain=True)
    assert (outcome.trained, outcome.read) == (2, 2)
    # Only the run without weights is trained again, and what was read out of it is computed anew.
    lost, whole = store_ids(wanting)
    StudyFolder(tmp_path / "digits.d").weights_file(lost, "final").unlink()
    with Store(wanting.store_path) as store:
        before = store.readouts()
    outcome = write(tmp_path, two, readouts="[crop25, crop81]").run(workers=1, retrain=True)
    assert (outcome.trained, outcome.read) == (1, 3)
    with Store(wanting.store_path) as store:
        after = store.readouts()
        assert [run.attempt for run in store.runs()] == [2, 0]
    assert after[whole, "crop25"] == before[whole, "crop25"]
    assert after[lost, "crop25"].seconds != before[lost, "crop25"].seconds
    assert after[lost, "crop25"].metrics == before[lost, "crop25"].metrics


def test_a_readout_that_fails_is_recorded_and_tried_again_on_demand(tmp_path):
    text = DIGITS.replace("replicates: 2", "replicates: 1")
    write(tmp_path, text).run(workers=1)
    study = write(tmp_path, text, readouts="[crop25]")
    (run_id,) = store_ids(study)
    files = StudyFolder(tmp_path / "digits.d")
    final = files.weights_file(run_id, "final")
    whole = final.read_bytes()
    final.write_bytes(files.weights_file(run_id, "epoch-0").read_bytes())
    outcome = study.run(workers=1)
    assert (outcome.counts, outcome.read, outcome.unread) == ({"finished": 1}, 1, 1)
    plain, crop = study.cells()
    assert (plain.status, crop.status, crop.failed) == (("finished",), ("crashed",), 1)
    said = f"SeedwiseError: {final} does not hold the weights of this run: restore it, or train it again"
    with Store(study.store_path) as store:
        assert unread(store, "digits", store.runs()) == ["readout crop25: 1 crashed", f"  1 crashed: {said}"]
    final.write_bytes(whole)
    assert study.run(workers=1).unread == 1
    assert study.run(workers=1, retry_failed=True).unread == 0
    assert study.cells()[1].status == ("finished",)


def store_ids(study: Study) -> list[str]:
    with Store(study.store_path) as store:
        return [run.run_id for run in store.runs()]


MISTAKES = [
    ("readouts: [crop18]", "readouts.0: unknown readout 'crop18': did you mean 'crop81'?"),
    ("readouts: [crop25, crop25]", "a readout is listed twice"),
    ("readouts: [flip]", "readouts: 'flip' mirrors images, and those of digits are not mirrored in training"),
    ("readouts: [average-3]", "set keep: {weights: snapshots, last_epochs: 3}"),
    ("readouts: [snapshots]", "needs a method that makes snapshots"),
    ("keep: {weights: none}\nreadouts: [crop25]", "needs the final weights: set keep: {weights: final}"),
    ("keep: {weights: final}\nreadouts: [snapshots+crop25]", "set keep: {weights: snapshots}"),
    ("keep: {weights: final, last_epochs: 2}", "keep: last_epochs are kept with weights: snapshots"),
    ("keep: {predictions: labels}\nreadouts: [ensemble-2]", "set keep: {predictions: logits16}"),
    (
        "keep: {weights: snapshots, last_epochs: 9}\nreadouts: [average-9]",
        "needs 9 epochs, and the method 'base' has 2",
    ),
]


@pytest.mark.parametrize(("extra", "said"), MISTAKES)
def test_what_does_not_fit_is_said_when_the_file_is_read(extra, said):
    text = DIGITS.replace("keep: {weights: snapshots, last_epochs: 2}\n", "") if "keep:" in extra else DIGITS
    with pytest.raises(SeedwiseError) as caught:
        parse_study(text + extra + "\n")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_views_repeat_the_shifts_of_training():
    with pytest.raises(SeedwiseError, match=r"and with .task: \{augment: false\}. there are none"):
        parse_study(DIGITS.replace("{dataset: digits}", "{dataset: digits, augment: false}") + "readouts: [crop25]\n")


def test_where_training_mirrors_alone_the_views_do_too():
    mirrored = DIGITS.replace("{dataset: digits}", "{dataset: cifar10, augment: flip}")
    assert parse_study(mirrored + "readouts: [flip]\n").readouts == ["flip"]
    with pytest.raises(
        SeedwiseError, match=r"with .task: \{augment: flip\}. there are none: leave it out, or use flip"
    ):
        parse_study(mirrored + "readouts: [flip-crop25]\n")


def test_images_that_are_mirrored_in_training_may_be_mirrored_in_a_test():
    text = DIGITS.replace("dataset: digits", "dataset: cifar10") + "readouts: [flip-crop81]\n"
    assert parse_study(text).readouts == ["flip-crop81"]


def test_epochs_weigh_by_what_they_give_on_validation_data(tmp_path):
    text = DIGITS.replace("epochs: 2,", "epochs: 3, validation: {fraction: 0.2},").replace(
        "last_epochs: 2", "last_epochs: 3"
    )
    text = text.replace("replicates: 2", "replicates: 1")
    study = write(tmp_path, text, readouts='["weighted-3", "weighted-3^2"]')
    study.run(workers=1)
    with Store(study.store_path) as store:
        (run,) = store.runs()
        held_out = store.predictions([run.run_id], "validation")[run.run_id]
        read = {name: store.predictions([run.run_id], tag=name)[run.run_id] for name in ("weighted-3", "weighted-3^2")}
    digits = load("digits")
    split = np.isin(digits.train.ids, held_out.ids)
    images, labels = digits.normalise(digits.train.images[split]), digits.train.labels[split]
    states = [kept_state(tmp_path, run.run_id, f"epoch-{epoch}") for epoch in range(3)]
    accuracies = [float((network([state])(images).argmax(1) == labels).float().mean()) for state in states]
    gains = np.array(accuracies) - min(accuracies)
    assert len(set(accuracies)) == 3
    for name, power in (("weighted-3", 1), ("weighted-3^2", 2)):
        shares = gains**power / np.sum(gains**power)
        mean = {
            key: sum(share * state[key].double() for share, state in zip(shares, states, strict=True)).float()
            for key in states[0]
        }
        expected = network([mean])(digits.normalise(digits.test.images)).detach()
        np.testing.assert_allclose(read[name].logits, expected, rtol=2e-3, atol=2e-3)  # half precision


def test_epochs_cannot_weigh_by_what_was_not_measured(tmp_path):
    with pytest.raises(
        SeedwiseError, match=r"'weighted-2' weighs epochs by their validation metric.* set train: \{validation"
    ):
        write(tmp_path, readouts="[weighted-2]").run(workers=1)
