#!/usr/bin/env bash
# Runs a notebook of this folder end to end in Deno's Jupyter kernel and writes the executed copy,
# as a notebook and as HTML:
#
#   examples/run-notebook.sh [NOTEBOOK] [FOLDER]
#
# NOTEBOOK is induction-heads.ipynb and FOLDER is examples/executed unless given. Needs deno
# (npm install --global deno) and jupyter nbconvert (pip install nbconvert) on the PATH.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
notebook=${1:-$here/induction-heads.ipynb}
folder=${2:-$here/executed}

for command in deno jupyter-nbconvert; do
  command -v "$command" >/dev/null || {
    echo "run-notebook: $command is missing; see the head of examples/run-notebook.sh" >&2
    exit 2
  }
done

# A kernel of its own, so that nothing is installed for the user.
kernels=$(mktemp -d)
trap 'rm -rf "$kernels"' EXIT
mkdir -p "$kernels/kernels/deno" "$folder"
cat >"$kernels/kernels/deno/kernel.json" <<JSON
{
  "argv": ["deno", "jupyter", "--kernel", "--conn", "{connection_file}"],
  "display_name": "Deno",
  "language": "typescript"
}
JSON

export JUPYTER_PATH=$kernels
name=$(basename "$notebook" .ipynb)
# On a busy machine Deno 2.9 may say that a cell is done before it sends what the cell shows; nbconvert
# then leaves that output out. Run the script again in that case.
jupyter-nbconvert --execute --to notebook --output-dir "$folder" --output "$name" "$notebook"
jupyter-nbconvert --to html --output-dir "$folder" "$folder/$name.ipynb"
