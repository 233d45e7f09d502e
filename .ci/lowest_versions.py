"""Print the lowest version that each bound of pyproject.toml allows, as requirements that pip installs.

Usage: python .ci/lowest_versions.py [NAME==VERSION...], which take the place of what is derived: torch==2.13.0
"""

import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

PROJECT = Path(__file__).parents[1] / "pyproject.toml"
LOWER_BOUNDS = (">=", "==", "~=")


def lowest(requirements: Iterable[str]) -> list[str]:
    """Return each requirement that has a lower bound at the lowest version that all of them allow.

    Raises:
        ValueError: for a bound of another form, whose lowest version is known only from the list of all versions.

    Example:
        >>> lowest(["numpy>=2.0", "pandas[html]>=2.2.2,<4", "NumPy>=2.1", "mypy"])
        ['numpy==2.1', 'pandas[html]==2.2.2']

    """
    found: dict[str, tuple[Version, str]] = {}
    for text in requirements:
        requirement = Requirement(text)
        bounds = [one for one in requirement.specifier if one.operator not in ("<", "<=", "!=")]
        name = canonicalize_name(requirement.name)
        for bound in bounds:
            if bound.operator not in LOWER_BOUNDS or bound.version.endswith("*"):
                raise ValueError(f"{text}: write its bound as >=, whose lowest version is known")
            extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
            pinned = Version(bound.version), f"{name}{extras}=={bound.version}"
            found[name] = max(found.get(name, pinned), pinned)
    return [pinned for _, pinned in found.values()]


def main(replaced: list[str]) -> None:
    """Print the requirements of the project and of its extras."""
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    given = {canonicalize_name(Requirement(text).name): text for text in replaced}
    del extras["docs"]  # pinned: the site is built with these versions or not at all
    for pinned in lowest([*project["dependencies"], *(text for texts in extras.values() for text in texts)]):
        print(given.get(canonicalize_name(Requirement(pinned).name), pinned))


if __name__ == "__main__":
    main(sys.argv[1:])
