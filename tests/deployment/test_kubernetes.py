"""configs/kubernetes.yaml: it is valid, its settings load, and its parts fit together."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from fastapply.settings.load import load
from fastapply.settings.model import GIB

FILE = Path(__file__).parents[2] / "configs" / "kubernetes.yaml"
OBJECTS: dict[str, Any] = {one["kind"]: one for one in yaml.safe_load_all(FILE.read_text("utf-8"))}
POD = OBJECTS["Deployment"]["spec"]["template"]["spec"]
[CONTAINER] = POD["containers"]


def test_kubernetes_takes_it() -> None:
    command = [str(Path(sys.executable).with_name("kubernetes-validate")), "--strict", str(FILE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(OBJECTS) == {"Secret", "Deployment", "Service", "NetworkPolicy"}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(OBJECTS["Secret"]["stringData"]["config.toml"], "utf-8")
    return path


def test_its_settings_load_and_fit_the_resources_of_the_container(config: Path) -> None:
    settings = load(config, {}, {}).settings
    assert not settings.server.is_loopback
    assert settings.pool.workers == int(CONTAINER["resources"]["limits"]["cpu"])
    limit = int(CONTAINER["resources"]["limits"]["memory"].removesuffix("Gi")) * GIB
    assert (settings.pool.workers + settings.pool.large_workers) * settings.pool.memory < limit
    assert settings.pool.deadline + 5 < POD["terminationGracePeriodSeconds"]
    assert settings.server.port == CONTAINER["ports"][0]["containerPort"]


def test_the_parts_name_each_other() -> None:
    labels = OBJECTS["Deployment"]["spec"]["template"]["metadata"]["labels"]
    for selector in (
        OBJECTS["Deployment"]["spec"]["selector"]["matchLabels"],
        OBJECTS["Service"]["spec"]["selector"],
        OBJECTS["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"],
    ):
        assert selector.items() <= labels.items()
    volumes = {volume["name"]: volume for volume in POD["volumes"]}
    assert {mount["name"] for mount in CONTAINER["volumeMounts"]} == set(volumes)
    assert volumes["config"]["secret"]["secretName"] == OBJECTS["Secret"]["metadata"]["name"]
    assert CONTAINER["args"][-1] == "/etc/fastapply/config.toml"


def test_the_container_can_do_little() -> None:
    assert CONTAINER["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert POD["securityContext"]["runAsNonRoot"]
    assert not POD["automountServiceAccountToken"]
    assert not POD["enableServiceLinks"]
    assert OBJECTS["NetworkPolicy"]["spec"]["egress"] == []
