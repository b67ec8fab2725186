#!/usr/bin/env bash
# A document that cites a path which does not exist misleads. Checks every `path/in/code/quotes` of the documents
# that begins with a folder of this repository, and every relative link.
set -euo pipefail
cd "$(dirname "$0")/.."

tops=$(git ls-files | sed -n 's|/.*||p' | sort -u | paste -sd'|')
status=0
while IFS= read -r document; do
    folder=$(dirname "$document")
    quoted=$(grep -oE '`[^` ]+`' "$document" | tr -d '`' | grep -E "^($tops)/" || true)
    linked=$(grep -oE '\]\([^)# ]+' "$document" | sed 's/^](//' | grep -vE '^(https?|mailto):' | sed "s|^|$folder/|" || true)
    for path in $quoted $linked; do
        # Placeholders and alternatives name more than one file.
        case $path in *'<'* | *'*'* | *'{'* | *'…'*) continue ;; esac
        if [ ! -e "${path%%:*}" ]; then
            echo "doc-paths: $document cites $path, which does not exist" >&2
            status=1
        fi
    done
done < <(git ls-files '*.md')
[ $status = 0 ] && echo "doc-paths: every cited path exists"
exit $status
