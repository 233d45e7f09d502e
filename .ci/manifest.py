"""Check the manifest of docs/scaling.md against the schema that Kubernetes publishes, and that a broken one is refused.

Usage: python .ci/manifest.py, where kubernetes-validate is installed
"""

import copy
import re
from pathlib import Path

import kubernetes_validate
import yaml

page = (Path(__file__).parents[1] / "docs/scaling.md").read_text(encoding="utf-8")
(text,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
manifest = yaml.safe_load(text)
version = kubernetes_validate.latest_version()
kubernetes_validate.validate(manifest, version, strict=True)
broken = copy.deepcopy(manifest)
broken["spec"]["paralelism"] = broken["spec"].pop("parallelism")
try:
    kubernetes_validate.validate(broken, version, strict=True)
except kubernetes_validate.ValidationError:
    print(f"the manifest is one of Kubernetes {version}")
else:
    raise SystemExit("a broken manifest was taken: the check checks nothing")
