# ... existing code ...
  -d DIR   where the dumps go
  -k DAYS  how long they are kept
  -n       only say what would be done
EOF
}

# ... existing code ...

while getopts "d:k:nh" opt; do
  case "$opt" in
    # ... existing options ...
    k) KEEP_DAYS=$OPTARG ;;
    n) DRY_RUN=1 ;;
    # ... rest of the cases ...
  esac
done

# ... existing code ...
