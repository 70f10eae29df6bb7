#!/usr/bin/env bash
# Nightly backup of the postgres databases.
set -euo pipefail
shopt -s inherit_errexit

# ... existing code ...

failed=0
for name in "${DATABASES[@]}"; do
  dump_one "$name" || failed=1
done

prune
exit "$failed"
