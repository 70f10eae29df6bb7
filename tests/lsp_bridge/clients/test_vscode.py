"""The extension for VS Code: checked, built, packaged and run in a fake editor, with the real program behind it."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest

import fastapply
from support.node import do_without
from tools.npm import NpmError
from tools.vsix import SOURCES, Copy, copied

SCHEMA = "{http://schemas.microsoft.com/developer/vsx-schema/2011}"


@pytest.fixture(scope="module")
def extension(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """Built, with its tests, in a folder of its own: the sources stay as they are."""
    try:
        copy = copied(tmp_path_factory.mktemp("vscode"))
    except NpmError as error:
        do_without(str(error))
    copy.build("--tests")
    return copy


@pytest.fixture(scope="module")
def vsix(extension: Copy) -> Path:
    return extension.package()


def test_types(extension: Copy) -> None:
    extension.check()


def test_its_own_tests(extension: Copy) -> None:
    """Those of its parts, and the bundle that edits files in a fake editor through `fastapply lsp`."""
    tests = sorted(str(path.relative_to(extension.folder)) for path in (extension.folder / "out").glob("*.test.js"))
    assert {"out/merging.test.js", "out/process.test.js"} <= set(tests)
    extension.run("--test", *tests, FASTAPPLY_COMMAND=json.dumps([sys.executable, "-m", "fastapply", "lsp"]))


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
    about = json.loads((SOURCES / "package.json").read_text("utf-8"))
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
    extension.build()
    assert extension.package().read_bytes() == first


def test_no_workspace_chooses_what_runs_or_who_is_asked() -> None:
    about = json.loads((SOURCES / "package.json").read_text("utf-8"))
    settings = about["contributes"]["configuration"]["properties"]
    open_to_workspaces = {name for name, one in settings.items() if one["scope"] != "machine"}
    assert open_to_workspaces == {"fastapply.diagnostics", "fastapply.trace.server"}


def test_its_readme_names_each_command_and_each_setting() -> None:
    about = json.loads((SOURCES / "package.json").read_text("utf-8"))["contributes"]
    readme = (SOURCES / "README.md").read_text("utf-8")
    in_menus = {"fastapply.acceptPreview", "fastapply.discardPreview", "fastapply.menu"}
    titles = {one["title"] for one in about["commands"] if one["command"] not in in_menus}
    assert {title for title in titles if title not in readme} == set()
    assert {name for name in about["configuration"]["properties"] if f"`{name}`" not in readme} == set()


def test_its_version_is_that_of_the_program_and_of_the_lock_file() -> None:
    about, lock = (json.loads((SOURCES / name).read_text("utf-8")) for name in ("package.json", "package-lock.json"))
    assert about["version"] == lock["version"] == fastapply.__version__
    pinned = {**about["dependencies"], **about["devDependencies"]}
    assert {name: lock["packages"][f"node_modules/{name}"]["version"] for name in pinned} == pinned
