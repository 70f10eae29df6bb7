# ... existing code ...

def read_json(path):
    # ... existing code ...
            readings.append(
                Reading(
                    # ... other arguments ...
                    taken=parse_date(row["taken"]),
                    quality=row.get("quality", "raw"),
                )
            )
    return readings


READERS = {
    # ... existing readers ...
    ".json": read_json,
    ".jsonl": read_json_lines,
}

# ... rest of the file ...
