"""Deploys a release to Kubernetes, or returns to the one before: `make deploy`, `make rollback`.

Renders an overlay of deploy/kubernetes with kustomize, and applies it in the order that lets two
releases share one database. It needs kubectl and Python's standard library, and no package.
"""

import argparse
import getpass
import json
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

FOLDER = Path("deploy/kubernetes")
# The image in the manifests, which each release replaces.
IMAGE = re.compile(r"^(\s*(?:- )?image: )site$", re.MULTILINE)
# `latest` may be another image in each pod, and a rollback would return to it.
TAGGED = r"\S+(@sha256:[0-9a-f]{64}|:(?!latest$)[\w.-]+)"
# In the order of a release, and the other way round on the way back: pages of a release may
# enqueue tasks that only its workers know.
DEPLOYMENTS = ("worker", "beat", "web")
PODS = f"app.kubernetes.io/name in ({','.join(DEPLOYMENTS)})"
# What starts pods, or says how many: not before the migrations.
LATE = ("Deployment", "Job", "Rollout", "HorizontalPodAutoscaler", "ScaledObject")
# Seconds. The cluster may have to add a node for a Job's pod.
START = 300
# That Argo's controller may take to see a release, and its analysis, or a new database, to end.
SEEN = 300
ANALYSIS = DATABASE = 600
# More than a pod has to drain.
STOP = 120
POLL = 2
# How often a read is tried, every two seconds.
TRIES = 15
# Conditions of a Job.
ENDED = {"Complete", "Failed"}
REVISION = r".metadata.annotations.deployment\.kubernetes\.io/revision"
# What kubectl says of the lock of another deploy.
EXISTS = '"deploy-lock" already exists'


class DeployError(Exception):
    """A step that failed, in words that say what to do."""


class Cluster:
    """One overlay's namespace, through kubectl."""

    def __init__(self, overlay: str, context: str) -> None:
        self.overlay = FOLDER / "overlays" / overlay
        if not self.overlay.is_dir():
            raise DeployError(f"There is no overlay {self.overlay}.")
        self.context = ["--context", context] if context else []
        self.secrets = self.overlay / "secrets.env"
        self.rendered = self.render()
        self.namespace = self.name_of(*self.find("Namespace"))

    def kubectl(self, *words: str, text: str | None = None) -> str:
        """Return what kubectl prints; raise DeployError with its last line."""
        done = self.run(*words, text=text)
        if done.returncode:
            lines = done.stderr.strip().splitlines() or [f"exit {done.returncode}"]
            raise DeployError(f"kubectl {' '.join(words)}: {lines[-1]}")
        return done.stdout

    def run(
        self, *words: str, text: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        command = ["kubectl", *self.context, *words]
        try:
            return subprocess.run(
                command, input=text, capture_output=True, text=True, check=False
            )
        except FileNotFoundError:
            raise DeployError(
                "This needs kubectl: https://kubernetes.io/docs/tasks/tools/"
            ) from None

    def here(self, *words: str) -> str:
        return self.kubectl("--namespace", self.namespace, *words)

    def read(self, *words: str) -> str:
        """Return what `kubectl get` prints: a network that fails for a moment ends no migration."""
        for _ in range(TRIES - 1):
            with suppress(DeployError):
                return self.here("get", *words)
            time.sleep(POLL)
        return self.here("get", *words)

    def render(self) -> list[str]:
        """Return the overlay's objects, in kustomize's form of YAML.

        An empty file stands for secrets.env where there is none: a rollback applies no secret.
        """
        lacking = self.needs_secrets()
        if lacking:
            self.secrets.touch(mode=0o600)
        try:
            return self.kubectl("kustomize", str(self.overlay)).split("\n---\n")
        finally:
            if lacking:
                self.secrets.unlink()

    def needs_secrets(self) -> bool:
        kustomization = (self.overlay / "kustomization.yaml").read_text()
        named = re.search(r"^[^#]*secrets\.env", kustomization, re.MULTILINE)
        return bool(named) and not self.secrets.exists()

    def make_secrets(self) -> None:
        """Write secrets.env, and raise DeployError, if the overlay lacks it."""
        if not self.needs_secrets():
            return
        text = (FOLDER / "secrets.env.example").read_text()
        self.secrets.touch(mode=0o600)
        self.secrets.write_text(
            text.replace("generated-at-set-up", secrets.token_urlsafe(50), 1)
        )
        raise DeployError(
            f"Fill in {self.secrets}, which now exists, and repeat the command."
        )

    def find(self, *kinds: str) -> list[str]:
        return [it for it in self.rendered if kind_of(it) in kinds]

    @staticmethod
    def name_of(document: str) -> str:
        # kustomize sorts keys, and indents by two.
        metadata = document.partition("\nmetadata:\n")[2]
        found = re.search(r"^  name: \"?([^\s\"]+)", metadata, re.MULTILINE)
        return found[1] if found else ""

    def apply(self, documents: list[str]) -> None:
        self.kubectl("apply", "--filename", "-", text="\n---\n".join(documents))

    def apply_namespace(self) -> None:
        """Create the namespace, or set its labels: a pipeline may have rights in it alone."""
        try:
            self.apply(self.find("Namespace"))
        except DeployError as error:
            if not self.get(f"namespace/{self.namespace}", ".metadata.name"):
                raise
            tell(f"The labels of the namespace stay as they are: {error}")

    def get(self, what: str, path: str) -> str:
        """Return a field of an object; empty if there is none."""
        output = ("--output", f"jsonpath={{{path}}}")
        return self.read(what, "--ignore-not-found", *output).strip()

    def wait(self, what: str, path: str, good: str, bad: str, seconds: float) -> bool:
        """Wait until a field has a good word, or a bad one; return whether it is good."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            words = self.get(what, path).split()
            if good in words or bad in words:
                return good in words
            time.sleep(POLL)
        return False

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Exclude other deploys of the namespace, wherever they run."""
        holder = secrets.token_hex(8)
        since = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
        lock = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "deploy-lock", "labels": {"holder": holder}},
            "data": {"by": f"{getpass.getuser()}@{socket.gethostname()} since {since}"},
        }
        space = ("--namespace", self.namespace)
        done = self.run(*space, "create", "--filename", "-", text=json.dumps(lock))
        # It never expires: migrations take as long as they take.
        if EXISTS in done.stderr:
            other = self.get("configmap/deploy-lock", ".data.by")
            raise DeployError(
                f"Another deploy to {self.namespace} runs, by {other}, or was cut off. "
                f"If none runs: kubectl --namespace {self.namespace} delete configmap "
                "deploy-lock"
            )
        if done.returncode:
            raise DeployError(done.stderr.strip())
        try:
            yield
        finally:
            # Not that of another, if somebody has deleted this one.
            self.run(*space, "delete", "configmap", f"--selector=holder={holder}")

    def revision(self, name: str) -> str:
        return self.get(f"deployment/{name}", REVISION)

    def image(self, deployment: str) -> str:
        path = ".spec.template.spec.containers[0].image"
        return self.get(f"deployment/{deployment}", path)

    def run_job(self, name: str) -> None:
        """Run a Job to its end; raise DeployError, and print its log, if it fails."""
        job = f"job/{name}"
        self.delete_job(name)
        self.apply([it for it in self.find("Job") if self.name_of(it) == name])
        tell(f"Running {name}: kubectl --namespace {self.namespace} describe {job}")
        try:
            self.await_job(name)
        except DeployError:
            # A pod that starts later would migrate outside of any lock.
            self.suspend_job(name)
            raise
        if "Failed" in self.conditions_of(job):
            tell("\n".join(self.log_of(name).splitlines()[-20:]))
            raise DeployError(f"{name} failed")

    def delete_job(self, name: str) -> None:
        """Delete a Job, which cannot be changed, when its pods are gone: two would migrate."""
        foreground = ("--cascade=foreground", f"--timeout={STOP}s")
        self.here("delete", f"job/{name}", "--ignore-not-found", *foreground)

    def suspend_job(self, name: str) -> None:
        """Stop the pods of a Job, if it has not ended, and start no other."""
        job = f"job/{name}"
        if self.get(job, ".metadata.name") and not self.conditions_of(job) & ENDED:
            self.here("patch", job, "--patch", '{"spec": {"suspend": true}}')

    def await_job(self, name: str) -> None:
        end = time.monotonic() + START
        while not self.conditions_of(f"job/{name}") & ENDED:
            time.sleep(POLL)
            states = self.states_of(name)
            if states & {"ImagePullBackOff", "InvalidImageName"}:
                raise DeployError(f"{name} cannot pull its image")
            if "Running" in states:
                end = time.monotonic() + START
            elif time.monotonic() > end:
                raise DeployError(f"{name} does not start{self.warning_of(name)}")

    def log_of(self, job: str) -> str:
        """Return what all pods of a Job have printed."""
        pods = f"--selector=batch.kubernetes.io/job-name={job}"
        logs = ("--namespace", self.namespace, "logs", pods, "--tail=-1")
        return self.run(*logs).stdout

    def conditions_of(self, what: str) -> set[str]:
        """Return the types of the conditions that are true."""
        path = '.status.conditions[?(@.status=="True")].type'
        return {*self.get(what, path).split()}

    def states_of(self, job: str) -> set[str]:
        """Return the phases of a Job's pods, and the reasons why some have not started."""
        phases = "{.items[*].status.phase}"
        reasons = "{.items[*].status.containerStatuses[*].state.waiting.reason}"
        pods = ("pods", f"--selector=batch.kubernetes.io/job-name={job}")
        return {*self.read(*pods, "--output", f"jsonpath={phases} {reasons}").split()}

    def warning_of(self, job: str) -> str:
        """Return the newest warning about a Job or its pods, after a colon; empty without one."""
        each = "{.metadata.creationTimestamp} {.involvedObject.name} {.message}"
        path = f'jsonpath={{range .items[*]}}{each}{{"\n"}}{{end}}'
        events = ("get", "events", "--field-selector=type=Warning", "--output", path)
        # A pipeline may have no right to read them.
        text = self.run("--namespace", self.namespace, *events).stdout
        found = re.findall(rf"^(\S+ {job}\S* )(.*)$", text, re.MULTILINE)
        return f": {max(found)[1]}" if found else ""

    def await_rollout(self, *names: str) -> None:
        for name in names:
            tell(f"Waiting for {name}...")
            # Until its progressDeadlineSeconds pass without one more pod that is ready.
            self.here("rollout", "status", f"deployment/{name}")
            if name == "web" and self.find("Rollout"):
                self.await_blue_green()

    def await_blue_green(self) -> None:
        """Wait until Argo Rollouts has moved the traffic, and its analysis has passed."""
        seen = ".status.workloadObservedGeneration"
        generation = self.get("deployment/web", ".metadata.generation")
        rollout = "rollouts.argoproj.io/web"
        known = self.wait(rollout, seen, generation, "none", SEEN)
        phase = ".status.phase"
        if not known or not self.wait(rollout, phase, "Healthy", "Degraded", ANALYSIS):
            raise DeployError("Argo Rollouts has given the release up")

    def await_stop(self) -> None:
        """Wait until no pod drains: `rollout status` does not count those."""
        path = "{.items[*].metadata.deletionTimestamp}"
        pods = ("pods", "--selector", PODS, "--output", f"jsonpath={path}")
        end = time.monotonic() + STOP
        while self.read(*pods).strip():
            if time.monotonic() > end:
                raise DeployError("Pods of the release before do not stop")
            time.sleep(POLL)

    def forget(self, selector: str, test: str) -> None:
        """Delete the revisions that pass a test of JSONPath, so that nobody returns to them."""
        path = f"jsonpath={{.items[?(@{test})].metadata.name}}"
        sets = ("replicasets", "--selector", selector, "--output", path)
        if old := self.read(*sets).split():
            self.here("delete", "replicaset", *old)

    def deployments(self) -> list[str]:
        names = {self.name_of(it) for it in self.find("Deployment")}
        return [name for name in DEPLOYMENTS if name in names]


def kind_of(document: str) -> str:
    found = re.search(r"^kind: (\w+)$", document, re.MULTILINE)
    return found[1] if found else ""


def tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def deploy(overlay: str, context: str, image: str) -> None:
    """Migrate, check the release, roll it out, migrate what only the one before needed."""
    if not re.fullmatch(TAGGED, image):
        raise DeployError(
            "Name the image with its tag: make deploy "
            "IMAGE=registry.example.com/site:0123456789ab"
        )
    cluster = Cluster(overlay, context)
    cluster.make_secrets()
    tell(f"Deploying {image} to {cluster.namespace}.")
    if not any(map(IMAGE.search, cluster.rendered)):
        raise DeployError(f"{cluster.overlay} names an image itself: delete `images`.")
    cluster.rendered = [IMAGE.sub(rf"\g<1>{image}", it) for it in cluster.rendered]
    cluster.apply_namespace()
    with cluster.locked():
        before = {name: cluster.revision(name) for name in cluster.deployments()}
        state = what_serves(cluster)
        # A deploy that was cut off has not; its log is deleted with the Job below.
        forget_if_contracted(cluster)
        late = ("Namespace", *LATE)
        cluster.apply([it for it in cluster.rendered if kind_of(it) not in late])
        # Of the release before: its log says nothing of this one.
        cluster.delete_job("after-deploy")
        await_database(cluster)
        for job in ("before-deploy", "release-check"):
            try:
                cluster.run_job(job)
            except DeployError as error:
                raise DeployError(f"{error}: {state}.") from None
        try:
            roll_out(cluster)
        except DeployError as error:
            try:
                go_back(cluster, before)
            except DeployError as second:
                state = f"the way back failed too: {second}; repeat the command"
            raise DeployError(f"{error}: {state}.") from None
        try:
            cluster.await_stop()
            cluster.run_job("after-deploy")
        except DeployError as error:
            raise DeployError(
                f"{error}: {image} serves. When you know why, repeat the command."
            ) from None
        finally:
            forget_if_contracted(cluster)
    tell(f"{cluster.namespace} now serves {image}.")


def what_serves(cluster: Cluster) -> str:
    """Return what the Deployments run, as the end of an error message.

    After an interruption, that may be two releases.
    """
    images = {name: cluster.image(name) for name in cluster.deployments()}
    found = {image for image in images.values() if image}
    if len(found) > 1:
        each = ", ".join(f"{name} runs {image}" for name, image in images.items())
        return f"{each}; repeat the command"
    return f"{found.pop() if found else 'no release'} serves"


def await_database(cluster: Cluster) -> None:
    """Wait for the primary of CloudNativePG, where the overlay has one."""
    for database in cluster.find("Cluster"):
        tell("Waiting for the database...")
        name = f"clusters.postgresql.cnpg.io/{cluster.name_of(database)}"
        ready = '.status.conditions[?(@.type=="Ready")].status'
        if not cluster.wait(name, ready, "True", "none", DATABASE):
            raise DeployError("The database is not ready")


def roll_out(cluster: Cluster) -> None:
    """Start the new pods of the workers, then those of the web."""
    *workers, web = cluster.deployments()
    pods = {cluster.name_of(it): it for it in cluster.find("Deployment")}
    for name in workers:
        cluster.apply([pods[name]])
    cluster.await_rollout(*workers)
    # With the number of replicas, and Argo's Rollout.
    cluster.apply([pods[web], *cluster.find(*LATE[2:])])
    cluster.await_rollout(web)


def forget_if_contracted(cluster: Cluster) -> None:
    """Delete the release before if it cannot run without what the last migrations removed.

    The first ones may have been applied before one failed.
    """
    if " OK" in cluster.log_of("after-deploy"):
        cluster.forget(PODS, ".spec.replicas==0")


def go_back(cluster: Cluster, before: dict[str, str]) -> None:
    """Return what has changed to its revision, which a first deploy has not.

    Deletes the one that failed, to which `make rollback` would return.
    """
    for name, revision in reversed(before.items()):
        failed = cluster.revision(name)
        if revision and failed != revision:
            undo = (
                "rollout",
                "undo",
                f"deployment/{name}",
                f"--to-revision={revision}",
            )
            cluster.here(*undo)
            cluster.await_rollout(name)
            selector = f"app.kubernetes.io/name={name}"
            cluster.forget(selector, f'{REVISION}=="{failed}"')


def rollback(cluster: Cluster) -> None:
    with cluster.locked():
        # A deploy may have been cut off there.
        cluster.suspend_job("after-deploy")
        forget_if_contracted(cluster)
        *others, last = reversed(cluster.deployments())
        # After an interruption, others may run another release, or have returned: they stay.
        left = cluster.image(last)
        for name in [it for it in (*others, last) if cluster.image(it) == left]:
            try:
                cluster.here("rollout", "undo", f"deployment/{name}")
            except DeployError:
                raise DeployError(
                    f"{name} has no release before, or it cannot run on today's tables: "
                    "make deploy IMAGE=..."
                ) from None
            cluster.await_rollout(name)
        # A second rollback, of somebody else, does not return to what was left.
        cluster.forget(PODS, ".spec.replicas==0")
    tell(f"{cluster.namespace} serves {cluster.image('web')} again.")


def main() -> None:
    parser = argparse.ArgumentParser(prog="plinth.deploy.kubernetes")
    parser.add_argument("command", choices=["deploy", "rollback"])
    parser.add_argument("--overlay", default="production")
    parser.add_argument("--context", default="")
    parser.add_argument("--image", default="")
    options = parser.parse_args()
    # A pipeline that is cancelled releases the lock.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Cancelled: repeat the command."))
    try:
        if options.command == "deploy":
            deploy(options.overlay, options.context, options.image)
        else:
            rollback(Cluster(options.overlay, options.context))
    except DeployError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
