"""deploy/kubernetes: rendered, validated, followed from name to name, and its pods run.

No test has a cluster: what only an API server does is not shown here.
"""

import copy
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from itertools import chain
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from tests.conftest import Bake
from tests.kubernetes import container, of, rendered, templates
from tests.services import operators_models
from tests.support import REPOSITORY, run

pytestmark = pytest.mark.services("kubectl")

type Object = dict[str, object]
type Render = Callable[..., list[dict]]

KUBERNETES = {"deploy": "kubernetes"}
LEAN = KUBERNETES | {
    "example_app": False,
    "use_celery": False,
    "media_storage": "local",
    "error_tracking": "none",
}
RELEASE = "registry.example.com/site@sha256:" + "0" * 64
COMPONENTS = [
    ["cloudnativepg"],
    ["monitoring"],
    ["monitoring", "keda"],
    ["monitoring", "rollouts"],
    ["cloudnativepg", "monitoring", "keda", "rollouts"],
    ["external-secrets"],
]
# The operators' own kinds, whose schemas Kubernetes has not.
FOREIGN = {
    *("AnalysisTemplate", "Cluster", "ExternalSecret", "PodMonitor", "Probe"),
    *("PrometheusRule", "Rollout", "ScaledObject"),
}
# What their operators make.
MADE = {("Secret", "database-app"), ("Secret", "database-ca")}


@pytest.fixture(scope="module")
def render(bake: Bake, tmp_path_factory: pytest.TempPathFactory) -> Render:
    """The objects of an overlay with components, of a project with these answers."""

    def render(
        *components: str, overlay: str = "production", **answers: object
    ) -> list[dict]:
        project = bake(**KUBERNETES | answers)
        folder = tmp_path_factory.mktemp("rendered")
        return rendered(project, folder, *components, overlay=overlay)

    return render


# Overlay, components and answers.
EVERY: dict[str, tuple[str, list[str], Object]] = {
    **{"-".join(names): ("production", names, {}) for names in COMPONENTS},
    "production": ("production", [], {}),
    "staging": ("staging", [], {}),
    "leanest": ("production", ["cloudnativepg", "monitoring"], LEAN),
    "gcs": ("production", [], {"media_storage": "gcs"}),
    "azure": (
        "production",
        [],
        {"media_storage": "azure", "error_tracking": "newrelic"},
    ),
}


@pytest.fixture(scope="module", params=EVERY)
def objects(request: pytest.FixtureRequest, render: Render) -> list[dict]:
    overlay, components, answers = EVERY[request.param]
    return render(*components, overlay=overlay, **answers)


def is_selected(labels: dict, selector: dict) -> bool:
    expressions = selector.get("matchExpressions", [])
    return selector.get("matchLabels", {}).items() <= labels.items() and all(
        labels.get(it["key"]) in it["values"] for it in expressions
    )


# Schemas


def errors(objects: list[dict]) -> list[str]:
    found = []
    for it in objects:
        if it["kind"] in FOREIGN:
            continue
        try:
            kubernetes_validate.validate(it, "1.35", strict=True)
        except kubernetes_validate.ValidationError as error:
            found.append(f"{it['kind']}: {error.message}")
    return found


def test_every_object_is_valid_by_the_schema_of_kubernetes(objects: list[dict]) -> None:
    assert not errors(objects)
    names = [(it["kind"], it["metadata"]["name"]) for it in objects]
    assert len({*names}) == len(names)


def test_every_foreign_kind_is_named(render: Render) -> None:
    every = chain(*(render(*names) for names in COMPONENTS))
    assert {it["kind"] for it in every if "." in it["apiVersion"]} - FOREIGN == {
        "Ingress",
        "NetworkPolicy",
    }


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("Deployment", lambda it: it["spec"].update(replica=1)),
        ("Service", lambda it: it["spec"]["ports"][0].update(port="http")),
        ("Job", lambda it: it["spec"]["template"]["spec"].pop("containers")),
    ],
)
def test_invalid_object_is_reported(
    render: Render, kind: str, change: Callable[[dict], object]
) -> None:
    broken = copy.deepcopy(render())
    change(next(it for it in broken if it["kind"] == kind))

    assert len(errors(broken)) == 1


# By the group of their kinds; CloudNativePG's are in no package.
MODELS = {
    "argoproj.io": "argo-rollouts",
    "external-secrets.io": "external-secrets",
    "keda.sh": "keda",
    "monitoring.coreos.com": "prometheus-operator",
}
CHECK = """
import { readFileSync } from "node:fs";
const errors = [];
for (const [folder, object] of JSON.parse(readFileSync(0))) {
  const models = await import(`${folder}/${object.apiVersion}/index.js`);
  try {
    new models[object.kind](object).validate();
  } catch (error) {
    errors.push(`${object.kind}: ${error.message}`);
  }
}
console.log(JSON.stringify(errors));
"""


@pytest.mark.services("kubernetes-models")
def test_fields_of_operators_kinds_have_their_types(render: Render) -> None:
    """A field of an unknown name is not found."""
    folder = operators_models()
    assert folder
    every = [*render("monitoring", "keda", "rollouts"), *render("external-secrets")]
    found = [
        (f"{folder}/{MODELS[group]}", it)
        for it in every
        if (group := it["apiVersion"].split("/")[0]) in MODELS
    ]
    assert {it["kind"] for _, it in found} == FOREIGN - {"Cluster"}

    def check() -> list[str]:
        node = ["node", "--input-type=module", "--eval", CHECK]
        text = json.dumps(found)
        return json.loads(subprocess.check_output(node, input=text, text=True))

    assert not check()
    for _, it in found:
        it["spec"][min(it["spec"])] = 1.5
    assert len(check()) == len(found)


# References


def test_every_name_leads_to_an_object(objects: list[dict]) -> None:
    known = {(it["kind"], it["metadata"]["name"]) for it in objects} | MADE
    if found := of(objects, "ExternalSecret"):
        known |= {("Secret", it["spec"]["target"]["name"]) for it in found.values()}
    wanted = set()
    for template in templates(objects).values():
        spec = template["spec"]
        wanted.add(("ServiceAccount", spec["serviceAccountName"]))
        wanted |= {
            ("ConfigMap", source["configMapRef"]["name"])
            for source in container(template)["envFrom"]
        }
        volumes = {volume["name"]: volume for volume in spec["volumes"]}
        wanted |= {
            ("Secret", volume["secret"]["secretName"])
            for volume in volumes.values()
            if "secret" in volume
        }
        mounts = {mount["name"] for mount in container(template)["volumeMounts"]}
        assert mounts == volumes.keys()
    for scaler in (
        of(objects, "HorizontalPodAutoscaler") | of(objects, "ScaledObject")
    ).values():
        target = scaler["spec"]["scaleTargetRef"]
        wanted.add((target.get("kind", "Deployment"), target["name"]))
    for rollout in of(objects, "Rollout").values():
        workload = rollout["spec"]["workloadRef"]
        wanted.add((workload["kind"], workload["name"]))
        blue_green = rollout["spec"]["strategy"]["blueGreen"]
        wanted.add(("Service", blue_green["activeService"]))
        wanted |= {
            ("AnalysisTemplate", it["templateName"])
            for it in blue_green["postPromotionAnalysis"]["templates"]
        }
    [ingress] = of(objects, "Ingress").values()
    [rule] = ingress["spec"]["rules"]
    [backend] = (path["backend"]["service"] for path in rule["http"]["paths"])
    wanted.add(("Service", backend["name"]))

    assert wanted <= known
    service = of(objects, "Service")[backend["name"]]["spec"]
    assert backend["port"]["name"] in {port["name"] for port in service["ports"]}
    [host] = ingress["spec"]["tls"][0]["hosts"]
    [variables] = (
        it["data"]
        for name, it in of(objects, "ConfigMap").items()
        if "variables" in name
    )
    assert host == rule["host"] == variables["ALLOWED_HOSTS"]


def test_every_selector_finds_pods_with_its_ports(objects: list[dict]) -> None:
    pods = templates(objects)
    selectors: list[tuple[dict, set]] = []
    for kind in ("PodDisruptionBudget", "PodMonitor"):
        for it in of(objects, kind).values():
            ports = {each["port"] for each in it["spec"].get("podMetricsEndpoints", [])}
            selectors.append((it["spec"]["selector"], ports))
    for it in of(objects, "Service").values():
        ports = {port["targetPort"] for port in it["spec"]["ports"]}
        selectors.append(({"matchLabels": it["spec"]["selector"]}, ports))
    policy = of(objects, "NetworkPolicy")["web"]["spec"]
    allowed = {port["port"] for port in policy["ingress"][0]["ports"]}
    selectors.append((policy["podSelector"], allowed))
    for name, it in of(objects, "Deployment").items():
        assert is_selected(pods[name]["metadata"]["labels"], it["spec"]["selector"])
        for spread in pods[name]["spec"].get("topologySpreadConstraints", []):
            selectors.append((spread["labelSelector"], set()))

    for selector, ports in selectors:
        found = [
            pod
            for pod in pods.values()
            if is_selected(pod["metadata"].get("labels", {}), selector)
        ]
        assert found, selector
        for pod in found:
            named = {port["name"] for port in container(pod).get("ports", [])}
            assert ports <= named, selector


def test_every_variable_is_known_and_none_that_production_needs_is_missing(
    objects: list[dict], bake: Bake
) -> None:
    project = bake(**KUBERNETES)
    [variables] = (
        it["data"]
        for name, it in of(objects, "ConfigMap").items()
        if "variables" in name
    )
    example = "".join(
        (
            bake(**KUBERNETES, media_storage=storage, error_tracking=tracker)
            / ".env.example"
        ).read_text()
        for storage, tracker in (
            ("s3", "sentry"),
            ("gcs", "newrelic"),
            ("azure", "none"),
        )
    )
    listed = {*re.findall(r"(?m)^#? ?(\w+)=", example)}
    # libpq's own.
    named = {name for name in variables if not name.startswith("PG")}
    assert {name.removesuffix("_FILE") for name in named} <= listed
    settings = (project / "config/settings/production.py").read_text()
    [required] = re.findall(r"env\.require\((.*)\)", settings)
    for name in re.findall(r'"(\w+)"', required):
        assert name in variables or f"{name}_FILE" in variables, name


def test_every_secret_is_a_file_that_a_variable_names(objects: list[dict]) -> None:
    [variables] = (
        it["data"]
        for name, it in of(objects, "ConfigMap").items()
        if "variables" in name
    )
    files = {value for name, value in variables.items() if name.endswith("_FILE")}
    for template in templates(objects).values():
        mounted = {
            it["name"]: it["mountPath"] for it in container(template)["volumeMounts"]
        }
        assert {str(Path(file).parent) for file in files} <= {*mounted.values()}
    of_the_site = {
        Path(file).name for file in files if file.startswith("/run/secrets/site/")
    }
    for secret in of(objects, "Secret").values():
        assert of_the_site <= secret["data"].keys()
        # One whose file was replaced by that of CloudNativePG.
        assert {*secret["data"]} - of_the_site <= {"DATABASE_URL"}


# What is promised


def test_pods_have_the_least_rights(objects: list[dict]) -> None:
    for name, template in templates(objects).items():
        spec, app = template["spec"], container(template)
        assert spec["automountServiceAccountToken"] is False
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert app["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, name
        assert app["resources"].keys() == {"requests", "limits"}
        assert app["image"] == "site"
    [account] = of(objects, "ServiceAccount").values()
    assert account["automountServiceAccountToken"] is False
    [namespace] = of(objects, "Namespace").values()
    labels = namespace["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    everything = of(objects, "NetworkPolicy")["default"]["spec"]
    assert everything["podSelector"] == {}
    assert everything["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in everything


def test_web_stops_no_pod_before_a_new_one_is_ready(render: Render) -> None:
    web = of(render(), "Deployment")["web"]["spec"]
    pod = web["template"]["spec"]
    app = container(web["template"])

    assert web["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    # An autoscaler's number would be reset at each release.
    assert "replicas" not in web
    paths = {
        probe: app[probe]["httpGet"]["path"]
        for probe in ("startupProbe", "readinessProbe", "livenessProbe")
    }
    assert [*paths.values()] == ["/health/live/", "/health/ready/", "/health/live/"]
    pause = int(app["lifecycle"]["preStop"]["exec"]["command"][1])
    # gunicorn drains for 30 s.
    assert pod["terminationGracePeriodSeconds"] >= pause + 30


def test_beat_is_never_twice(render: Render) -> None:
    beat = of(render("monitoring", "keda"), "Deployment")["beat"]["spec"]
    assert beat["replicas"] == 1
    assert beat["strategy"] == {"type": "Recreate"}


def test_autoscaled_deployment_has_no_number_of_its_own(render: Render) -> None:
    objects = render("monitoring", "keda", "rollouts")
    for name in ("web", "worker"):
        assert "replicas" not in of(objects, "Deployment")[name]["spec"]
    assert of(objects, "HorizontalPodAutoscaler")["web"]["spec"]["scaleTargetRef"] == {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "name": "web",
    }


def test_project_without_celery_has_no_worker(render: Render, bake: Bake) -> None:
    assert of(render(**LEAN), "Deployment").keys() == {"web"}
    assert not (bake(**LEAN) / "deploy/kubernetes/components/keda").exists()


def test_alerts_are_those_of_the_table(render: Render, bake: Bake) -> None:
    rules = yaml.safe_load((bake() / "deploy/monitoring/rules/site.yml").read_text())
    objects = render("monitoring")
    assert of(objects, "PrometheusRule")["site"]["spec"] == rules
    [dashboard] = (
        it for name, it in of(objects, "ConfigMap").items() if "dashboard" in name
    )
    assert dashboard["metadata"]["labels"]["grafana_dashboard"] == "1"
    text = (bake() / "deploy/monitoring/grafana/site.json").read_text()
    assert dashboard["data"]["site.json"] == text


# Rules of checkov that the manifests do not follow.
WAIVED = {
    (
        "CKV_K8S_9",
        "worker",
    ): "it gets no requests; the startup probe says when it works",
    ("CKV_K8S_9", "beat"): "it gets no requests; the startup probe says when it works",
}


def test_policies_of_checkov_hold(render: Render, tmp_path: Path) -> None:
    objects = render("monitoring", "keda", "rollouts", "cloudnativepg")
    for template in templates(objects).values():
        container(template)["image"] = RELEASE
    (tmp_path / "rendered.yaml").write_text(yaml.safe_dump_all(objects))
    uv = shutil.which("uv") or str(REPOSITORY / ".uv/bin/uv")
    command: list[str | Path] = [uv, "tool", "run", "--quiet", "--from", "checkov~=3.2"]
    command += ["checkov", "--framework=kubernetes", "--output=json", "--directory"]
    done = subprocess.run(
        [*command, tmp_path], capture_output=True, text=True, check=False
    )
    found = json.loads(done.stdout)
    failed = found["results"]["failed_checks"]

    assert {(it["check_id"], it["resource"].split(".")[-1]) for it in failed} == {
        *WAIVED
    }
    assert found["summary"]["passed"] > 100


@pytest.mark.parametrize("server", ["exit 3", "sleep 9"], ids=["dies", "serves"])
def test_release_check_ends_with_its_server(
    render: Render, tmp_path: Path, server: str
) -> None:
    command = container(templates(render())["release-check"])["command"]
    # The server does not answer at first.
    python = f'[ "$2" = plinth.server.release_check ] || ! mkdir {tmp_path}/asked'
    if server == "exit 3":
        python = "exit 1"
    for name, line in (("gunicorn", server), ("python", python)):
        (tmp_path / name).write_text(f"#!/bin/sh\n{line}\n")
        (tmp_path / name).chmod(0o755)
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin"}

    done = subprocess.run(
        command, env=env, timeout=60, check=False, stderr=subprocess.DEVNULL
    )

    assert done.returncode == (server == "exit 3")


# make deploy


READ = """
import json, sys
from plinth.deploy.kubernetes import IMAGE, Cluster, kind_of
cluster = Cluster("production", "")
text = IMAGE.sub(rf"\\g<1>{sys.argv[1]}", "\\n---\\n".join(cluster.rendered))
found = [(kind_of(it), cluster.name_of(it)) for it in cluster.rendered]
print(json.dumps([cluster.namespace, found, text]))
"""


@pytest.mark.parametrize("answers", [{}, LEAN], ids=["default", "leanest"])
def test_make_deploy_reads_what_kustomize_writes(
    bake: Bake, answers: dict, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    shutil.copytree(bake(**KUBERNETES | answers), project)
    overlay = project / "deploy/kubernetes/overlays/production"
    shutil.copy(
        project / "deploy/kubernetes/secrets.env.example", overlay / "secrets.env"
    )

    python = shutil.which("python3") or "python3"
    env = {"PYTHONPATH": "plinth/src", "PYTHONDONTWRITEBYTECODE": "1"}
    read = json.loads(run(python, "-c", READ, RELEASE, cwd=project, env=env))

    namespace, found, text = read
    objects = [*yaml.safe_load_all(text)]
    assert namespace == "my-site"
    assert found == [[it["kind"], it["metadata"]["name"]] for it in objects]
    assert {container(it)["image"] for it in templates(objects).values()} == {RELEASE}


def test_targets_are_those_of_the_answer(bake: Bake, tmp_path: Path) -> None:
    def targets(**answers: object) -> set[str]:
        listed = run("make", "help", cwd=bake(**answers))
        return {*re.findall(r"(?m)^  make (\S+)", listed)}

    common = {"deploy", "rollback", "logs", "remote-shell"}
    own = {"maintenance", "monitoring", "restore", "restore-drill", "vault"}
    compose = targets()
    assert common | own <= compose
    assert compose - targets(**KUBERNETES) == own
    assert compose - targets(deploy="systemd") == {"monitoring"}
    assert compose - targets(deploy="none") == common | own
    make = subprocess.run(
        ["make", "deploy"],
        cwd=bake(deploy="none"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "No rule to make target 'deploy'" in make.stderr
    said = run("make", "--dry-run", "logs", "OVERLAY=staging", cwd=bake(**KUBERNETES))
    assert "--namespace my-site-staging logs --selector" in said


# Other deployments


@pytest.mark.parametrize(
    ("deploy", "words"),
    [
        ("systemd", r"deploy/compose|compose\.mk|kubectl|kustom"),
        ("kubernetes", r"switch\.sh|deploy/compose|deploy/systemd|ansible|certbot"),
        ("none", r"kubectl|kustom|switch\.sh|deploy/compose|ansible|make deploy"),
    ],
)
def test_project_has_no_line_of_another_deployment(
    bake: Bake, deploy: str, words: str
) -> None:
    project = bake(deploy=deploy)
    # Runbooks are those of one host, with a table of a cluster's commands.
    guides = ("plinth/", "docs/")
    found = []
    for path in sorted(filter(Path.is_file, project.rglob("*"))):
        name = path.relative_to(project).as_posix()
        if not name.startswith(guides):
            lines = path.read_text(errors="replace").splitlines()
            found += [
                f"{name}: {it}" for it in lines if re.search(words, it, re.IGNORECASE)
            ]
    assert not found


def test_project_without_deployment_has_no_folder_of_it(bake: Bake) -> None:
    assert not (bake(deploy="none") / "deploy").exists()
