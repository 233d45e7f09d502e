"""Which methods are controls of others."""

from typing import Any

import pytest

from seedwise.study._controls import controls_in

VML, OTHER = {"name": "vml", "warmup_steps": 23}, {"name": "vml", "warmup_steps": 5}
CLF = {"name": "clf", "lambda_s": 0.1, "lambda_v": 0.1}


def control(controller: Any, name: str = "placebo") -> dict[str, Any]:
    return {"loss": {"name": name, "controller": controller}}


@pytest.mark.parametrize(
    ("methods", "expected"),
    [
        ({"base": {}, "vml": {"loss": VML}, "sham": control(VML)}, {"sham": "vml"}),
        ({"early": {"loss": OTHER}, "vml": {"loss": VML}, "sham": control(VML)}, {"sham": "vml"}),
        ({"clf": {"loss": CLF}, "lr": control({**CLF, "lambda_v": 0}, "lr_control")}, {"lr": "clf"}),
        ({"vml": {"loss": "vml"}, "sham": control("vml")}, {"sham": "vml"}),
        ({"base": None, "sham": control(VML)}, {}),
        ({"base": {}, "focal": {"loss": "my_project:Focal"}}, {}),
    ],
)
def test_a_control_belongs_to_the_method_with_its_controller(methods: Any, expected: dict[str, str]) -> None:
    assert controls_in({"methods": methods}) == expected


def test_a_store_without_methods_has_none() -> None:
    assert controls_in({}) == {}
