"""Reads the sensor exports that the field stations upload every night."""
import csv
import json
import os
import sys
from datetime import datetime, timedelta
from pathlib import Path

from stations import settings
from stations.models import Reading, Station
from stations.units import celsius, hectopascal

DATE_FORMAT = "%Y-%m-%d %H:%M"
SKIP = {"", "-", "n/a"}


def parse_date(text):
    return datetime.strptime(text.strip(), DATE_FORMAT)


def parse_number(text):
    if text in SKIP:
        return None
    return float(text.replace(",", "."))


def read_csv(path):
    readings = []
    with open(path, newline="") as handle:
        for row in csv.DictReader(handle, delimiter=";"):
            value = parse_number(row["value"])
            if value is None:
                continue
            readings.append(
                Reading(
                    station=row["station"],
                    kind=row["kind"],
                    value=value,
                    taken=parse_date(row["taken"]),
                )
            )
    return readings


def read_json(path):
    readings = []
    with open(path) as handle:
        for row in json.load(handle)["readings"]:
            value = row.get("value")
            if value is None:
                continue
            readings.append(
                Reading(
                    station=row["station"],
                    kind=row["kind"],
                    value=value,
                    taken=parse_date(row["taken"]),
                )
            )
    return readings


READERS = {
    ".csv": read_csv,
    ".json": read_json,
}


def load(path):
    """Read one export.

    The reader is chosen by the suffix; an unknown one raises ValueError.
    """
    path = Path(path)
    reader = READERS.get(path.suffix)
    if reader is None:
        raise ValueError(f"no reader for {path.suffix}")
    return reader(path)


def main(argv=None):
    argv = argv or sys.argv[1:]
    since = datetime.now() - timedelta(days=settings.KEEP_DAYS)
    total = 0
    for name in argv:
        if not os.path.exists(name):
            print(f"{name}: not found", file=sys.stderr)
            continue
        for reading in load(name):
            if reading.taken < since:
                continue
            Station.by_name(reading.station).add(reading)
            total += 1
    print(f"{total} readings stored")
    return 0


if __name__ == "__main__":
    sys.exit(main())
