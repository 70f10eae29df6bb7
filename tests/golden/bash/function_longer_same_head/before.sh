#!/usr/bin/env bash
# Nightly backup of the postgres databases.
set -euo pipefail

BACKUP_DIR="${BACKUP_DIR:-/var/backups/pg}"
KEEP_DAYS=14
DATABASES=(accounts billing catalog)

log() {
  printf '%s %s\n' "$(date +%FT%T)" "$*"
}

die() {
  log "error: $*" >&2
  exit 1
}

usage() {
  cat <<EOF
usage: backup.sh [-d DIR] [-k DAYS]

  -d DIR   where the dumps go
  -k DAYS  how long they are kept
EOF
}

dump_one() {
  local name=$1
  local target="$BACKUP_DIR/$name-$(date +%F).sql.gz"
  if [[ -e "$target" ]]; then
    log "$name: already there"
    return 0
  fi
  pg_dump "$name" | gzip > "$target.part"
  mv "$target.part" "$target"
  log "$name: done"
}

prune() {
  find "$BACKUP_DIR" -name '*.sql.gz' -mtime "+$KEEP_DAYS" -delete
}

while getopts "d:k:h" opt; do
  case "$opt" in
    d) BACKUP_DIR=$OPTARG ;;
    k) KEEP_DAYS=$OPTARG ;;
    h)
      usage
      exit 0
      ;;
    *)
      usage >&2
      exit 2
      ;;
  esac
done

mkdir -p "$BACKUP_DIR" || die "no folder $BACKUP_DIR"

for name in "${DATABASES[@]}"; do
  dump_one "$name"
done

prune
