"""The pods of deploy/kubernetes, run by podman with their rights, probes and stop.

podman stands in for a node. It runs a pod's containers as the manifest has it, with three
exceptions: it knows no Job, cannot probe over HTTP without curl in the image, and gives the
files of a Secret to root. So a Job's template is run as a pod, the test itself probes, and
lays the secrets out as the kubelet does.
"""

import copy
import os
import re
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import pytest
import yaml

from tests.conftest import Bake
from tests.kubernetes import container, of, rendered, templates
from tests.production import repeated
from tests.services import (
    PODMAN,
    PRODUCTION,
    Answer,
    free_port,
    get,
    postgresql,
    redis,
    wait_until,
)
from tests.support import DEFAULT, Say, run
from tests.test_docker import built

pytestmark = [
    pytest.mark.scale,
    pytest.mark.services("docker", "kubectl", "podman", "postgresql", "redis"),
]

HERE = Path(__file__).parent
PAGE = "/accounts/sign-in/"


def podman(*words: str) -> str:
    return run(*PODMAN, *words, cwd=HERE).strip()


class Node:
    """Runs pod templates of rendered objects, on this machine's network."""

    def __init__(self, objects: list[dict], image: str, folder: Path) -> None:
        self.image, self.folder, self.name = (
            image,
            folder,
            f"trial-{uuid.uuid4().hex[:8]}",
        )
        self.templates = templates(objects)
        [self.variables] = (
            it["data"]
            for it in of(objects, "ConfigMap").values()
            if "DATABASE_POOL_SIZE" in it["data"]
        )
        [secret] = of(objects, "Secret").values()
        self.names = secret["data"].keys()

    def lay_out(self, **secrets: str) -> None:
        """Write the secrets as the kubelet does: for the group, which may only read."""
        files = self.folder / "secrets"
        files.mkdir()
        for name in self.names:
            (files / name).write_text(secrets.get(name, ""))
            (files / name).chmod(0o440)
            os.chown(files / name, 0, 10001)
        self.secrets = files

    def pod(self, role: str, **variables: str) -> dict:
        template = copy.deepcopy(self.templates[role])
        app, spec = container(template), template["spec"]
        app["image"] = self.image
        values = self.variables | {"ALLOWED_HOSTS": "example.com"} | variables
        app["env"] = [{"name": name, "value": value} for name, value in values.items()]
        del app["envFrom"]
        # The pod has this machine's own ports.
        app.pop("ports", None)
        # Not without curl.
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            if "httpGet" in app.get(probe, {}):
                del app[probe]
        for volume in spec["volumes"]:
            if "secret" in volume:
                del volume["secret"]
                volume["hostPath"] = {"path": str(self.secrets), "type": "Directory"}
        return template

    @contextmanager
    def running(self, role: str, **variables: str) -> Iterator[str]:
        """The name of the container of a pod that has been started."""
        name = f"{self.name}-{role}-{variables.get('PORT', 0)}"
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}}
        pod["spec"] = self.pod(role, **variables)["spec"]
        file = self.folder / f"{name}.yaml"
        file.write_text(yaml.safe_dump(pod))
        try:
            podman("kube", "play", "--network", "host", str(file))
            yield f"{name}-app"
        finally:
            podman("pod", "rm", "--force", "--time", "0", "--ignore", name)

    def finish(self, role: str) -> str:
        """Run a Job's pod to its end; return its log."""
        with self.running(role) as name:
            code = podman("wait", name)
            log = podman("logs", name)
            assert code.splitlines()[-1] == "0", log
            return log


@pytest.fixture(scope="module")
def image(install: Bake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The image of a default project, where podman has it."""
    with built(install(**DEFAULT), tmp_path_factory.mktemp("image")) as name:
        with subprocess.Popen(
            ["docker", "save", name], stdout=subprocess.PIPE
        ) as saved:
            load = [*PODMAN, "load", "--quiet"]
            subprocess.run(load, stdin=saved.stdout, check=True)
        try:
            yield f"localhost/{name}"
        finally:
            podman("image", "rm", "--force", f"localhost/{name}:latest")


def status(name: str) -> str:
    return podman("exec", name, "cat", "/proc/1/status")


def state(name: str, field: str) -> str:
    return podman("inspect", "--format", f"{{{{.State.{field}}}}}", name)


def is_healthy(name: str) -> bool:
    probe = [*PODMAN, "healthcheck", "run", name]
    return not subprocess.run(probe, capture_output=True, check=False).returncode


def answers(port: int, path: str, host: str = "10.0.0.1") -> bool:
    """Whether a probe of the kubelet, which asks by the pod's address, succeeds."""
    return get(f"http://127.0.0.1:{port}{path}", host=host).status == 200


class Balancer:
    """Sends requests to one of the pods that are in its list, each by a new connection."""

    def __init__(self, *ports: int) -> None:
        self.ports, self.turn = [*ports], 0

    def ask(self) -> Answer:
        self.turn += 1
        port = self.ports[self.turn % len(self.ports)]
        return get(f"http://127.0.0.1:{port}{PAGE}", X_Forwarded_Proto="https")


def test_pods_serve_with_their_rights_and_stop_without_a_failed_request(
    image: str, bake: Bake, tmp_path: Path, record_property: Say
) -> None:
    objects = rendered(bake(deploy="kubernetes"), tmp_path)
    node = Node(objects, image, tmp_path)
    web = of(objects, "Deployment")["web"]["spec"]["template"]
    app = container(web)
    pause = int(app["lifecycle"]["preStop"]["exec"]["command"][1])
    grace = web["spec"]["terminationGracePeriodSeconds"]
    with ExitStack() as stack:
        database = stack.enter_context(postgresql())
        broker = stack.enter_context(redis(tmp_path, free_port()))
        node.lay_out(
            SECRET_KEY=PRODUCTION["SECRET_KEY"],
            DATABASE_URL=database,
            EMAIL_URL=PRODUCTION["EMAIL_URL"],
            REDIS_URL=f"{broker}/0",
            REDIS_LOCKS_URL=f"{broker}/1",
            CELERY_BROKER_URL=f"{broker}/1",
        )
        node.variables |= {"TRUSTED_PROXIES": "127.0.0.1", "METRICS_BIND": ""}

        assert "Applying accounts.0001_initial" in node.finish("before-deploy")
        node.variables["PORT"] = str(free_port())
        node.finish("release-check")

        ports = [free_port(), free_port()]
        pods = [
            stack.enter_context(node.running("web", PORT=str(port))) for port in ports
        ]
        roles = {
            role: stack.enter_context(node.running(role)) for role in ("worker", "beat")
        }
        for port in ports:
            for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                path = app[probe]["httpGet"]["path"]
                wait_until(partial(answers, port, path))
        for name in (*pods, *roles.values()):
            found = status(name)
            assert re.search(r"^Uid:\s+10001\s", found, re.MULTILINE)
            assert re.search(r"^NoNewPrivs:\s+1$", found, re.MULTILINE)
            assert re.search(r"^Seccomp:\s+2$", found, re.MULTILINE)
            assert {*re.findall(r"^Cap\w+:\s+(\w+)$", found, re.MULTILINE)} == {
                "0" * 16
            }
            touch = [*PODMAN, "exec", name, "touch", "/app/x"]
            done = subprocess.run(touch, capture_output=True, text=True, check=False)
            assert "Read-only file system" in done.stderr
            podman("exec", name, "touch", "/tmp/x")
        for role, name in roles.items():
            # The exec probe of the manifest, as podman took it.
            assert role in podman(
                "inspect", "--format", "{{json .Config.Healthcheck}}", name
            )
            wait_until(partial(is_healthy, name))

        # As the kubelet stops a pod: the hook, beside which load balancers learn of it, and
        # SIGTERM.
        balancer = Balancer(*ports)
        with repeated(balancer.ask, clients=4) as load:
            time.sleep(1)
            began = time.monotonic()
            hook = threading.Thread(
                target=podman,
                args=("exec", pods[0], *app["lifecycle"]["preStop"]["exec"]["command"]),
            )
            hook.start()
            time.sleep(pause - 2)
            balancer.ports.remove(ports[0])
            hook.join()
            podman("stop", "--time", str(grace - pause), pods[0])
            took = time.monotonic() - began
            time.sleep(1)
        assert len(load) > 50
        assert not load.failed
        assert took < grace
        for name in roles.values():
            podman("stop", "--time", "30", name)
        codes = {name: state(name, "ExitCode") for name in (pods[0], *roles.values())}
        assert {*codes.values()} == {"0"}, codes
        record_property("summary", f"a pod of the web stopped in {took:.1f} s: {load}")
