"""The objects that kustomize renders from a project's deploy/kubernetes."""

import json
import re
import shutil
from pathlib import Path

import yaml

from tests.support import run


def rendered(
    project: Path, folder: Path, *components: str, overlay: str = "production"
) -> list[dict]:
    """The objects of an overlay with these components, rendered in a folder."""
    shutil.copytree(project / "deploy/kubernetes", folder / "kubernetes")
    chosen = folder / "kubernetes/overlays" / overlay
    shutil.copy(folder / "kubernetes/secrets.env.example", chosen / "secrets.env")
    file = chosen / "kustomization.yaml"
    text = file.read_text()
    if "external-secrets" in components:
        text = re.sub(r"(?ms)^secretGenerator:\n(?: .*?\n)+", "", text)
    names = [f"../../components/{name}" for name in components]
    file.write_text(f"{text}\ncomponents: {json.dumps(names)}\n")
    return [*yaml.safe_load_all(run("kubectl", "kustomize", chosen, cwd=folder))]


def of(objects: list[dict], kind: str) -> dict[str, dict]:
    return {it["metadata"]["name"]: it for it in objects if it["kind"] == kind}


def templates(objects: list[dict]) -> dict[str, dict]:
    """The pod templates, by the name of what starts them."""
    starts = of(objects, "Deployment") | of(objects, "Job")
    return {name: it["spec"]["template"] for name, it in starts.items()}


def container(template: dict) -> dict:
    [found] = template["spec"]["containers"]
    return found
