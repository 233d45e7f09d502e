#!/usr/bin/env bash
# Runs gpu.py on a machine that has a python with a CUDA build of torch, and brings what of seedwise's needs is missing:
#
#     benchmarks/gpu.sh [--wheels FOLDER] [options of gpu.py]
#
# PYTHON names the python (default: python3); its packages stay as they are. Missing ones go into a folder of their own:
# from FOLDER if it is given (nothing is asked of the network then), else from where pip finds them.
# To fill FOLDER elsewhere: pip download --only-binary=:all: --python-version 3.12 --platform manylinux2014_x86_64
# -d FOLDER --no-deps pydantic pydantic-core annotated-types typing-inspection SQLAlchemy pooch platformdirs
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
where=()
if [[ ${1:-} == --wheels ]]; then
  where=(--no-index --find-links "$2" --no-deps)
  shift 2
fi
"$python" -c 'import torch' 2>/dev/null || { echo "$python has no torch: set PYTHON to one that has" >&2; exit 1; }
site=$(mktemp -d)
trap 'rm -rf "$site"' EXIT
missing() {
  PYTHONPATH=src:$site "$python" - <<'PY'
import importlib.metadata as metadata, re, tomllib

project = tomllib.load(open("pyproject.toml", "rb"))["project"]
wanted = {re.match(r"[\w-]+", line)[0]: line for line in project["dependencies"] + project["optional-dependencies"]["train"]}
for name, line in wanted.items():
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        print(line)
PY
}
mapfile -t wanted < <(missing)
if ((${#wanted[@]})); then
  if ((${#where[@]})); then
    "$python" -m pip install --quiet --target "$site" "${where[@]}" "${where[2]}"/*.whl
  else
    "$python" -m pip install --quiet --target "$site" "${wanted[@]}"
  fi
fi
export PYTHONPATH=$PWD/src:$site${PYTHONPATH:+:$PYTHONPATH} OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
"$python" benchmarks/gpu.py "$@"
