"""docs/statistics.md: its examples run, its links hold, and its numbers come out of other routes than its own."""

import doctest
import math
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from scipy import integrate, optimize, special, stats

from seedwise.statistics import spread_ratio
from seedwise.statistics.ratios._ratio_tests import default_p_values
from seedwise.statistics.verdicts.verdict import ChurnWord, ErrorVarianceWord, MeanWord, SpreadWord

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/statistics.md").read_text(encoding="utf-8")
CALIBRATION = (ROOT / "docs/calibration.md").read_text(encoding="utf-8")
TEXT = " ".join(PAGE.split())
EXAMPLES = re.findall(r"```pycon\n(.*?)```", PAGE, flags=re.DOTALL)


def table_after(mark: str, page: str = PAGE) -> list[list[str]]:
    """Return the rows below the head of the first table after a mark, as texts."""
    lines = page.split(mark, 1)[1].lstrip("\n").splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("|---"))
    rows = []
    for line in lines[start + 1 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def decimals(text: str) -> float:
    return float(text.removesuffix("%").removeprefix("x"))


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_examples_run(example: str) -> None:
    parsed = doctest.DocTestParser().get_doctest(example, {}, "docs/statistics.md", None, None)
    assert parsed.examples
    assert doctest.DocTestRunner().run(parsed).failed == 0


def test_there_are_examples_for_every_block_of_code() -> None:
    assert len(EXAMPLES) >= 8
    assert "```python" not in PAGE


def test_links_and_pictures_exist_and_pictures_are_small() -> None:
    links = re.findall(r"\]\(([^)]+)\)", PAGE)
    assert len([link for link in links if link.endswith(".png")]) == 6
    for link in links:
        file = ROOT / "docs" / link
        assert file.is_file(), link
        assert file.suffix != ".png" or file.stat().st_size < 100_000, link
    assert "(docs/statistics.md)" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_verdict_is_explained() -> None:
    for word in sum(map(get_args, (SpreadWord, MeanWord, ChurnWord, ErrorVarianceWord)), ()):
        assert f"`{word}`" in PAGE, word


def f_power(q: float, n: int) -> float:
    low, high = stats.f.ppf([0.025, 0.975], n - 1, n - 1)
    return float(stats.f.cdf(low / q**2, n - 1, n - 1) + stats.f.sf(high / q**2, n - 1, n - 1))


def test_power_table() -> None:
    *rows, needed = table_after("<!-- power table -->")
    ratios = (0.9, 0.8, 0.7, 0.5, 0.3)
    assert [int(row[0]) for row in rows] == [3, 5, 10, 20, 40, 80, 160]
    for row in rows:
        n = int(row[0])
        assert [decimals(text) for text in row[1:6]] == pytest.approx([f_power(q, n) for q in ratios], abs=0.00501)
        assert decimals(row[6]) == pytest.approx(stats.f.ppf(0.975, n - 1, n - 1) ** 0.5, abs=0.00501)
    for text, q in zip(needed[1:6], ratios, strict=True):
        assert f_power(q, int(text)) >= 0.8 > f_power(q, int(text) - 1)


def paired_spread_power(q: float, n: int, rho: float) -> float:
    """Pitman-Morgan: given the sum of squares of one variable, its t is noncentral t; integrate over that sum."""
    h = (q - 1 / q) / (2 * math.sqrt(1 - rho**2))
    t = stats.t.ppf(0.975, n - 2)

    def density(u: float) -> float:
        nc = h * u
        return float((stats.nct.cdf(-t, n - 2, nc) + stats.nct.sf(t, n - 2, nc)) * stats.chi.pdf(u, n - 1))

    return float(integrate.quad(density, *stats.chi.ppf([1e-9, 1 - 1e-9], n - 1))[0])


def paired_mean_power(n: int, rho: float) -> float:
    nc, t = 0.5 * math.sqrt(n / (2 * (1 - rho))), stats.t.ppf(0.975, n - 1)
    return float(stats.nct.sf(t, n - 1, nc) + stats.nct.cdf(-t, n - 1, nc))


def test_pairing_table() -> None:
    means, spreads = table_after("<!-- pairing table -->")
    for k, rho in enumerate((0, 0.3, 0.5, 0.7, 0.9), start=1):
        n = int(means[k])
        assert paired_mean_power(n, rho) >= 0.8 > paired_mean_power(n - 1, rho)
        n = int(spreads[k])
        power_at = (lambda n: f_power(0.7, n)) if rho == 0 else (lambda n, rho=rho: paired_spread_power(0.7, n, rho))
        assert power_at(n) >= 0.8 > power_at(n - 1)


def test_what_few_runs_do_by_luck() -> None:
    for n, text in ((5, "from .35 to 1.67 times the true SD"), (20, "from .68 to 1.31 times")):
        low, high = np.sqrt(stats.chi2.ppf([0.025, 0.975], n - 1) / (n - 1))
        assert text in TEXT
        assert f"from {low:.2f} to {high:.2f}".replace("0.", ".") in text
    seen = np.sqrt(4 / stats.chi2.ppf([0.975, 0.025], 4))
    assert f"from {seen[0]:.1f} to {seen[1]:.1f} times what they show".replace("0.", ".", 1) in TEXT
    y = 4 / 13  # F(4, 4) at (2/3)^2 is a polynomial: 3 y^2 - 2 y^3 with y = x / (1 + x)
    assert f"{100 * (3 * y**2 - 2 * y**3):.0f} % of studies see a reduction of a third or more" in TEXT
    assert f"in {100 * 14 / 64:.0f} % of cases" in TEXT  # 2 (6 + 1) of the 2^6 sequences


def test_runs_to_show_equal_spreads() -> None:
    found = re.search(r"equal SDs, (\d+) per method for a factor of 1.5 and (\d+) for 1.25", TEXT)
    assert found
    for n, factor in ((int(found[1]), 1.5), (int(found[2]), 1.25)):

        def shown(n: int, factor: float = factor) -> float:  # the 90 % interval of the ratio lies within the factor
            edge = stats.f.ppf(0.95, n - 1, n - 1)
            return float(1 - 2 * stats.f.sf(factor**2 / edge, n - 1, n - 1))

        assert shown(n) >= 0.8 > shown(n - 1)


def test_the_gap_between_lucky_and_unlucky_halves() -> None:
    samples = np.sort(np.random.default_rng(0).standard_normal((40_000, 20)), axis=1)
    gaps = samples[:, 10:].mean(axis=1) - samples[:, :10].mean(axis=1)
    c4 = math.sqrt(2 / 19) * math.gamma(10) / math.gamma(9.5)
    assert "it is 1.56 SDs" in TEXT
    assert gaps.mean() / c4 == pytest.approx(1.56, abs=0.01)


def calibrated(title: str, row: str) -> list[str]:
    """Return the entries of a row of calibration.md."""
    return next(cells for cells in table_after(f"## {title}", CALIBRATION) if " | ".join(cells).startswith(row))


def coverage(title: str, row: str) -> list[float]:
    return [float(cell.split()[0]) for cell in calibrated(title, row) if re.match(r"[\d.]+ \(", cell)]


UNPAIRED, DEFAULT = "Ratio of SDs, unpaired, ", '`procedure="adjusted"` (the default)'


def test_numbers_of_the_calibration() -> None:
    default, normal, found, found_normal = (row[1:] for row in table_after("| 95 % interval, normal values, unpaired"))
    for shown, procedure in ((default, DEFAULT), (normal, '`procedure="normal"`')):
        cells = calibrated(UNPAIRED + procedure, "normal")[1:]
        assert shown == [cell.split("(")[1].rstrip(")") for cell in cells]
    for shown, procedure in ((found, "adjusted"), (found_normal, "normal")):
        assert [text.split()[0] for text in shown] == calibrated("Power", f"0.7 | unpaired |  | {procedure}")[4:]

    def span(values: list[float]) -> str:
        return f"{min(values):.0f} to {max(values):.0f} %"

    exponential = coverage(UNPAIRED + '`procedure="normal"`', "exponential")[-1]
    assert f"holds the truth in {exponential:.0f} % of studies" in TEXT
    assert f"They hold in {span(coverage(UNPAIRED + DEFAULT, 'exponential'))} there" in TEXT
    heavy = [span(coverage("SD, " + DEFAULT, row)) for row in ("exponential", "normal, 10 % of SD x 5")]
    assert f"in {heavy[0].removesuffix(' %')} % and in {heavy[1]} of studies" in TEXT
    binomial = [
        value
        for title in ("SD, ", UNPAIRED, "Ratio of SDs, paired, ")
        for rows in table_after(f"## {title}{DEFAULT}", CALIBRATION)
        if rows[0] == "binomial(360, .98)"
        for value in [float(cell.split()[0]) for cell in rows if "(" in cell and not cell.startswith("binomial")]
    ]
    assert len(binomial) == 5 * 4
    assert f"in {span(binomial)} of studies with 360 images" in TEXT
    skewed = {"adjusted": [], "normal": []}
    for cells in table_after("## Equal SDs, unequal tails", CALIBRATION):
        if cells[0] == "normal / exponential":
            skewed[cells[2]] += [float(cell) for cell in cells[4:]]  # from n = 10
    assert f"calls them different in {span(skewed['adjusted'])} of studies from 10 runs on" in TEXT
    assert f"The normal test does so in {span(skewed['normal'])}" in TEXT
    heavier = [
        float(cell)
        for cells in table_after("## Equal SDs, unequal tails", CALIBRATION)
        if cells[0] == "normal / t, 5 degrees of freedom" and cells[2] == "adjusted"
        for cell in cells[4:]
    ]
    assert f"Heavier tails alone do not: {span(heavier)} for t values with 5 degrees of freedom" in TEXT


EXTRA = table_after("<!-- extra runs -->")


@pytest.mark.parametrize("row", EXTRA, ids=[row[0] for row in EXTRA])
def test_runs_that_the_default_test_needs(row: list[str]) -> None:
    found = re.fullmatch(r"ratio (\.\d), (unpaired|paired, correlation (0|\.\d))", row[0])
    assert found
    ratio, paired, rho = float(found[1]), found[2] != "unpaired", float(found[3] or 0)
    planned, needed = int(row[1]), float(row[2])
    power_at = (lambda n: f_power(ratio, n)) if rho == 0 else (lambda n: paired_spread_power(ratio, n, rho))
    assert power_at(planned) >= 0.8 > power_at(planned - 1)
    assert row[3] == f"{100 * (needed / planned - 1):.0f} %"
    n, studies = round(needed), 5000
    one, other = np.random.default_rng(20240612).standard_normal((2, studies, n))
    method = ratio * (rho * one + math.sqrt(1 - rho**2) * other)
    p_values = default_p_values(method, one, paired=paired)
    share = np.mean(p_values < 0.05)
    whole_run = power_at(n + 1) - power_at(n)  # needed is rounded
    assert share == pytest.approx(0.8, abs=3 * math.sqrt(0.16 / studies) + whole_run / 2)
    few = [spread_ratio(x, y, paired=paired).p_value for x, y in zip(method[:20], one, strict=False)]
    assert p_values[:20] == pytest.approx(few)


def log_error_of_a_normal_sd(runs: int) -> float:
    """Root mean square of log(s / sigma), by integrating over the law of chi-square."""
    half = lambda c: (np.log(c / (runs - 1)) / 2) ** 2 * stats.chi2.pdf(c, runs - 1)  # noqa: E731
    return math.sqrt(integrate.quad(half, 0, np.inf)[0])


@pytest.mark.parametrize("row", table_after("<!-- assisted table -->"), ids=lambda row: row[0])
def test_runs_that_the_help_of_the_examples_saves(row: list[str]) -> None:
    """Other examples than the script's, and a truth averaged over 200 levels of quality instead of an integral."""
    share, rng, studies = float(row[0].removesuffix("%")) / 100, np.random.default_rng(20261127), 1500
    hard = special.logit(np.clip(rng.beta(0.3, 2.0, 1000), 1e-6, 1 - 1e-6))

    quality = stats.norm.ppf((np.arange(200) + 0.5) / 200)[:, None]

    def levels(shift: float) -> np.ndarray:
        return special.expit(hard + shift * quality)

    def parts(shift: float) -> tuple[float, float]:
        p = levels(shift)
        within, e = np.mean(np.sum(p * (1 - p), axis=1)), p.mean(axis=0)
        return float(within / 1e6 + np.var(p.mean(axis=1))), float(np.sum(e * (1 - e)) / 1e6)

    shift = optimize.brentq(lambda s: 1 - parts(s)[1] / parts(s)[0] - share, 1e-6, 3) if share else 0.0
    chance, (true, _) = levels(shift), parts(shift)
    for n, text in zip((5, 10, 20), row[1:], strict=True):
        logs = []
        for _ in range(studies):
            wrong = rng.random((n, 1000)) < chance[rng.integers(0, 200, n)]
            variance = max(np.var(wrong.mean(axis=1), ddof=1), np.sum(np.var(wrong, axis=0, ddof=1)) / 1e6)
            logs.append(np.log(variance / true) / 2)
        error = math.sqrt(np.mean(np.square(logs)))
        assert error == pytest.approx(log_error_of_a_normal_sd(int(text)), rel=0.12), (n, text)


def test_precision_of_churn_beside_that_of_the_sd() -> None:
    rng, logs = np.random.default_rng(20261128), []
    hard = special.logit(np.clip(rng.beta(0.3, 2.0, 400), 1e-6, 1 - 1e-6))
    for shift in (0.0, 0.3):
        chance = special.expit(hard + shift * rng.standard_normal((800, 10, 1)))
        wrong = rng.random((800, 10, 400)) < chance
        answers = np.where(wrong, rng.integers(1, 10, wrong.shape, dtype=np.int8), 0)
        churn = np.mean([(answers[:, a] != answers[:, b]).mean(axis=1) for a in range(10) for b in range(a)], axis=0)
        sd = np.std(wrong.mean(axis=2), axis=1, ddof=1)
        logs.append([np.std(np.log(churn)), np.std(np.log(sd))])
    churns, sds = np.array(logs).T
    assert "churn is known to within 3 to 6 % (one standard error) and the SD of accuracy to within 25 %" in TEXT
    assert churns == pytest.approx([0.03, 0.06], abs=0.01)
    assert sds == pytest.approx([0.25, 0.25], abs=0.03)


def test_the_script_draws_every_picture_and_prints_what_the_page_says_of_them(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "docs/figures/statistics_page.py"), "--output", str(tmp_path)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    shown = set(re.findall(r"\(figures/(\w+\.png)\)", (ROOT / "docs/statistics.md").read_text(encoding="utf-8")))
    assert len(shown) == 6
    assert {file.name for file in tmp_path.glob("*.png")} == shown
    assert shown <= {file.name for file in (ROOT / "docs/figures").glob("*.png")}
    assert "20 runs 0.19 [0.12, 0.33]" in printed
    assert "These 20 gave .19 [.12, .33]." in TEXT
    assert "SD halved, 5 runs each: 1.01 [0.04, 29.79]" in printed
    assert "from 5 runs each, the interval of the ratio goes from .04 to 30" in TEXT
    words = re.findall(r"^verdicts: .*: ([a-z ]+)$", printed, flags=re.MULTILINE)
    assert words == ["not resolved", "reduced", "increased", "not resolved", "equivalent within a factor"]
    assert "noise: 7 estimates below 0, 28 intervals reach 0" in printed
    assert "7 estimates fall below 0, and 28 intervals reach 0" in TEXT
    assert "gap 0.27, by luck 0.27 [0.24, 0.30], 1.56 SDs" in printed
    assert "a gap of .27 points where luck alone gives .27 [.24, .30]" in TEXT
    rows = [" | ".join(row) for row in table_after("<!-- groups table -->")]
    assert len(rows) == 4
    for row in [*rows, *(" | ".join(row) for row in table_after("<!-- power table -->"))]:
        assert f"| {row.rstrip()} |" in printed


def test_noise_of_the_imagined_test_set() -> None:
    errors = np.linspace(0, 0.5, 200_001)  # a fifth of the examples; the rest is never missed
    noise = math.sqrt(0.2 * np.mean(errors * (1 - errors)) / 10_000)
    assert (
        f"On 10,000 examples the SD over runs is {100 * math.hypot(noise, 0.001):.2f} points".replace("0.", ".") in TEXT
    )
    assert noise**2 > 0.5 * (noise**2 + 0.001**2)  # "most of its variance is noise"


def test_the_quoted_command_prints_what_is_quoted() -> None:
    quoted = re.search(r"\$ seedwise (power .*)\n((?:.*\n)*?)```", PAGE)
    assert quoted
    done = subprocess.run(
        [sys.executable, "-m", "seedwise", *quoted[1].split()], capture_output=True, text=True, check=True
    )
    assert done.stdout == quoted[2]


def test_gap_table() -> None:
    rng = np.random.default_rng(6)
    rows = table_after("<!-- gap table -->")
    assert [int(row[0]) for row in rows] == [5, 10, 20, 50]
    for n, *shown in rows:
        # The SD of n normal values is the root of a chi-square variable.
        sds = np.sqrt(rng.chisquare(int(n) - 1, (40_000, 5)))
        gaps = 100 * (1 - sds.min(axis=1) / sds.max(axis=1))
        assert [float(text.removesuffix(" %")) for text in shown] == pytest.approx(
            np.quantile(gaps, [0.5, 0.95]), abs=1
        )
