"""The extension for VS Code: checked, built, packaged and run in a fake editor, with the real program behind it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest

from support.node import Node, with_packages

ROOT = Path(__file__).parents[3]
EXTENSION = ROOT / "lsp_bridge" / "clients" / "vscode"
SCHEMA = "{http://schemas.microsoft.com/developer/vsx-schema/2011}"


@dataclass(frozen=True)
class Copy:
    """The sources of the extension, beside the packages that its lock file pins."""

    node: Node
    folder: Path

    def run(self, *arguments: str) -> str:
        """What node prints for these arguments; it must end well."""
        command = [self.node.program, *arguments]
        environment = {**os.environ, "FASTAPPLY_COMMAND": json.dumps([sys.executable, "-m", "fastapply", "lsp"])}
        done = subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, encoding="utf-8", timeout=120,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def extension(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """Built, with its tests, in a folder of its own: the sources stay as they are."""
    node = with_packages(EXTENSION)
    top = tmp_path_factory.mktemp("vscode")
    folder = top / EXTENSION.relative_to(ROOT)
    shutil.copytree(EXTENSION, folder, ignore=shutil.ignore_patterns("node_modules", "dist", "out", "*.vsix"))
    shutil.copy(ROOT / "LICENSE", top)
    (folder / "node_modules").symlink_to(node.packages / "node_modules")
    copy = Copy(node, folder)
    copy.run("scripts/build.mjs", "--tests")
    return copy


@pytest.fixture(scope="module")
def vsix(extension: Copy) -> Path:
    extension.run("scripts/package.mjs")
    [made] = extension.folder.glob("*.vsix")
    return made


def test_types(extension: Copy) -> None:
    extension.run("node_modules/typescript/bin/tsc", "--noEmit")


def test_its_own_tests(extension: Copy) -> None:
    """Those of its parts, and the bundle that edits files in a fake editor through `fastapply lsp`."""
    tests = sorted(str(path.relative_to(extension.folder)) for path in (extension.folder / "out").glob("*.test.js"))
    assert "out/merging.test.js" in tests
    extension.run("--test", *tests)


def test_the_package_holds_what_runs_and_nothing_else(vsix: Path) -> None:
    with zipfile.ZipFile(vsix) as package:
        assert package.testzip() is None
        assert set(package.namelist()) == {
            "extension.vsixmanifest",
            "[Content_Types].xml",
            "extension/package.json",
            "extension/readme.md",
            "extension/LICENSE.txt",
            "extension/THIRD_PARTY.txt",
            "extension/dist/extension.js",
        }
        licenses = package.read("extension/THIRD_PARTY.txt").decode()
        assert "vscode-languageclient 11.0.0 (MIT)" in licenses
        about = json.loads(package.read("extension/package.json"))
    assert "devDependencies" not in about
    assert about["main"] == "./dist/extension.js"


def test_the_package_says_of_itself_what_the_extension_does(vsix: Path) -> None:
    about = json.loads((EXTENSION / "package.json").read_text("utf-8"))
    with zipfile.ZipFile(vsix) as package:
        manifest = ElementTree.fromstring(package.read("extension.vsixmanifest"))
        names = package.namelist()
        types = ElementTree.fromstring(package.read("[Content_Types].xml"))
    identity = manifest.find(f"{SCHEMA}Metadata/{SCHEMA}Identity")
    assert identity is not None
    assert (identity.get("Id"), identity.get("Publisher")) == (about["name"], about["publisher"])
    assert identity.get("Version") == about["version"]
    properties = {one.get("Id", "").rpartition(".")[2]: one.get("Value") for one in manifest.iter(f"{SCHEMA}Property")}
    assert properties["Engine"] == about["engines"]["vscode"]
    assert properties["ExtensionKind"] == "workspace"
    assert {asset.get("Path") for asset in manifest.iter(f"{SCHEMA}Asset")} <= set(names)
    assert {Path(name).suffix for name in names} - {".xml"} <= {one.get("Extension") for one in types}


def test_the_same_sources_give_the_same_package(extension: Copy, vsix: Path) -> None:
    first = vsix.read_bytes()
    extension.run("scripts/build.mjs")
    extension.run("scripts/package.mjs")
    assert vsix.read_bytes() == first


def test_no_workspace_chooses_what_runs_or_who_is_asked() -> None:
    about = json.loads((EXTENSION / "package.json").read_text("utf-8"))
    settings = about["contributes"]["configuration"]["properties"]
    open_to_workspaces = {name for name, one in settings.items() if one["scope"] != "machine"}
    assert open_to_workspaces == {"fastapply.diagnostics", "fastapply.trace.server"}


def test_its_readme_names_each_command_and_each_setting() -> None:
    about = json.loads((EXTENSION / "package.json").read_text("utf-8"))["contributes"]
    readme = (EXTENSION / "README.md").read_text("utf-8")
    in_menus = {"fastapply.acceptPreview", "fastapply.discardPreview", "fastapply.menu"}
    titles = {one["title"] for one in about["commands"] if one["command"] not in in_menus}
    assert {title for title in titles if title not in readme} == set()
    assert {name for name in about["configuration"]["properties"] if f"`{name}`" not in readme} == set()


def test_its_version_is_that_of_the_lock_file() -> None:
    about, lock = (json.loads((EXTENSION / name).read_text("utf-8")) for name in ("package.json", "package-lock.json"))
    assert about["version"] == lock["version"]
    pinned = {**about["dependencies"], **about["devDependencies"]}
    assert {name: lock["packages"][f"node_modules/{name}"]["version"] for name in pinned} == pinned
