#!/usr/bin/env bash
# Writes every Kubernetes resource that a document shows (a ```yaml block with an apiVersion) to a file of its own, so
# that it can be checked.
#
#   scripts/readme-examples.sh FOLDER
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:?usage: readme-examples.sh FOLDER}
mkdir -p "$folder"
rm -f "$folder"/*.yaml
git ls-files '*.md' | while read -r document; do
  awk -v prefix="$folder/$(tr '/.' '--' <<<"$document")" '
    /^```yaml$/ {inside = 1; text = ""; next}
    /^```$/ && inside {
      inside = 0
      if (text ~ /(^|\n)apiVersion: /) {file = prefix "-" ++count ".yaml"; printf "%s", text > file; close(file)}
    }
    inside {text = text $0 "\n"}' "$document"
done
found=$(find "$folder" -name '*.yaml' | wc -l)
((found > 0)) || { echo "readme-examples: no example was found" >&2; exit 1; }
echo "readme-examples: $found examples in $folder"
