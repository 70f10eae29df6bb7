dump_one() {
  local name=$1
  local target="$BACKUP_DIR/$name-$(date +%F).sql.gz"
  local started=$SECONDS
  if [[ -e "$target" ]]; then
    log "$name: already there"
    return 0
  fi
  if ! pg_dump "$name" | gzip > "$target.part"; then
    rm -f "$target.part"
    log "$name: failed"
    return 1
  fi
  mv "$target.part" "$target"
  log "$name: done in $((SECONDS - started)) s"
}
