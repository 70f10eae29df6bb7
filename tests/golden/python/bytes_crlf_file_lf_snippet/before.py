import configparser
import os
from pathlib import Path

HOME = Path(os.environ.get("TIDE_HOME", Path.home() / ".tide"))


class Settings:
    """What the user set, over the defaults."""

    def __init__(self, path=None):
        self.path = path or HOME / "settings.ini"
        self.parser = configparser.ConfigParser()
        self.parser.read(self.path)

    def get(self, section, key, default=None):
        if not self.parser.has_option(section, key):
            return default
        return self.parser.get(section, key)

    def set(self, section, key, value):
        if not self.parser.has_section(section):
            self.parser.add_section(section)
        self.parser.set(section, key, str(value))

    def save(self):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with open(self.path, "w") as handle:
            self.parser.write(handle)
