# ... existing code ...

def main(argv=None):
    argv = argv or sys.argv[1:]
    if not argv:
        print("nothing to load", file=sys.stderr)
        return 2
    since = datetime.now() - timedelta(days=settings.KEEP_DAYS)
    # ... existing code ...

# ... existing code ...

def parse_date(text):
    return datetime.strptime(text.strip().replace("T", " "), DATE_FORMAT)

# ... existing code ...
