"""What a report shows of a study besides its cells."""

from __future__ import annotations

from collections import Counter
from typing import Any

import yaml

from seedwise.study._cells import cells_of
from seedwise.study._store import Store


def report_sections(store: Store) -> list[dict[str, Any]]:
    """Return one section per study in a store.

    Returns:
        Dicts with ``name``, ``description``, ``cells``, ``spec`` (YAML), ``environments`` (text and number of runs),
        ``mixed`` (cells whose runs come from several environments or codes), ``failures`` and ``notes`` (texts and
        counts), ``resumed`` (number of runs) and ``seconds`` (of all runs).

    """
    documents = store.documents()
    sections = []
    for study, description in store.studies().items():
        runs = store.runs(study)
        environments = Counter(run.environment for run in runs if run.environment)
        places: dict[str, set[tuple[str | None, str | None]]] = {}
        for run in runs:
            if run.status == "finished":
                cell = f"{run.link.method} ({run.link.regime})"
                places.setdefault(cell, set()).add((run.environment, run.code))
        spec = description["spec"]
        sections.append(
            {
                "name": study,
                "description": description,
                "cells": cells_of(store, study),
                "spec": yaml.safe_dump(spec, sort_keys=False, default_flow_style=None, width=100),
                "environments": [
                    (", ".join(f"{k} {v}" for k, v in documents[digest].items()), count)
                    for digest, count in environments.most_common()
                ],
                "mixed": [cell for cell, found in places.items() if len(found) > 1],
                "failures": Counter(
                    f"{run.link.method}, {run.status.replace('_', ' ')}: {run.error}" for run in runs if run.error
                ).most_common(),
                "notes": Counter(f"{run.link.method}: {note}" for run in runs for note in run.notes).most_common(),
                "resumed": sum(bool(run.resumed_from) for run in runs),
                "seconds": sum(run.seconds or 0.0 for run in runs),
            }
        )
    return sections
