"""`make deploy` on Kubernetes: the order of its steps, and its way back.

A fake kubectl answers as a cluster would; there is no cluster here. The template's own
tests render the manifests, and run their pods.
"""

import json
import re
import signal
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from plinth.deploy import kubernetes

pytestmark = [pytest.mark.practice(33), pytest.mark.practice(50)]

OVERLAY = "deploy/kubernetes/overlays/production"
RENDERED = "\n---\n".join(
    f"apiVersion: v1\nkind: {kind}\nmetadata:\n  name: {name}\nspec:\n"
    + ("  containers:\n  - image: site" if kind in {"Deployment", "Job"} else "  a: b")
    for kind, name in (
        ("Namespace", "shop"),
        ("ConfigMap", "variables-abc"),
        ("Deployment", "beat"),
        ("Deployment", "web"),
        ("Deployment", "worker"),
        ("HorizontalPodAutoscaler", "web"),
        ("Job", "after-deploy"),
        ("Job", "before-deploy"),
        ("Job", "release-check"),
    )
)


class Cluster:
    """A namespace, as kubectl shows it."""

    def __init__(self, folder: Path) -> None:
        overlay = folder / OVERLAY
        overlay.mkdir(parents=True)
        self.secrets = overlay / "secrets.env"
        self.secrets.touch()
        (overlay / "kustomization.yaml").write_text("  envs: [secrets.env]\n")
        example = folder / "deploy/kubernetes/secrets.env.example"
        example.write_text("SECRET_KEY=generated-at-set-up\nDATABASE_URL=\n")
        self.rendered = RENDERED
        self.calls: list[str] = []
        # Of each Deployment, the image by revision.
        self.revisions = defaultdict[str, dict[int, str]](dict)
        # Who has locked the namespace.
        self.lock = ""
        self.ended: dict[str, str] = {}
        self.logs: dict[str, str] = {}
        # The states of a Job's pods, at each look before it ends.
        self.pods: list[str] = []
        self.events = ""
        # Pods that drain, at each look.
        self.draining: list[str] = []
        self.sick: set[str] = set()
        self.can_return = True
        # Reads that fail from now on.
        self.unreachable = 0
        # The call with which the deploying machine is cut off.
        self.last = ""
        self.may_create_namespaces = True

    @property
    def applied(self) -> list[str]:
        return [call.split()[-1] for call in self.calls if call.startswith("apply ")]

    @property
    def undone(self) -> list[str]:
        return [call for call in self.calls if call.startswith("rollout undo")]

    @property
    def images(self) -> dict[str, str]:
        return {it: every[max(every)] for it, every in self.revisions.items() if every}

    def kubectl(self, *words: str, text: str | None = None) -> CompletedProcess[str]:
        """Answer one call of kubectl."""
        if words[0] == "--namespace":
            words = words[2:]
        if words[0] == "get" and self.unreachable:
            self.unreachable -= 1
            return CompletedProcess(words, 1, "", "net/http: TLS handshake timeout")
        if words[0] in {"get", "kustomize", "logs"}:
            return CompletedProcess(words, 0, self.read(*words), "")
        if words[0] != "apply":
            self.calls.append(" ".join(words))
        if self.last and " ".join(words).startswith(self.last):
            raise KeyboardInterrupt
        error = self.change(*words, text=str(text))
        return CompletedProcess(words, bool(error), "", error)

    def read(self, *words: str) -> str:
        match words:
            case ["get", "replicasets", _, selector, *_, path]:
                return " ".join(self.sets(selector, path))
            case ["get", what, *_, path]:
                return self.get(what, path)
            case ["logs", selector, *_]:
                return self.logs.get(selector.rpartition("=")[2], "")
        return self.rendered

    def change(self, *words: str, text: str) -> str:
        """Return the error."""
        match words:
            case ["apply", *_]:
                return self.apply(text.split("\n---\n"))
            case ["create", *_]:
                return self.take(json.loads(text)["metadata"])
            case ["delete", "configmap", selector]:
                # Without a value, it selects the lock of anybody.
                if selector.partition("holder")[2] in {"", f"={self.lock}"}:
                    self.lock = ""
            case ["delete", "replicaset", *sets]:
                for name, _, revision in (each.partition("-") for each in sets):
                    del self.revisions[name][int(revision)]
            case ["rollout", "status", deployment]:
                if deployment.removeprefix("deployment/") in self.sick:
                    return "exceeded its progress deadline"
            case ["rollout", "undo", deployment, *revision]:
                return self.undo(deployment.removeprefix("deployment/"), *revision)
        return ""

    def take(self, lock: dict[str, Any]) -> str:
        if self.lock and lock["name"] == "deploy-lock":
            return (
                'error when creating "STDIN": configmaps "deploy-lock" already exists'
            )
        self.lock = lock["labels"]["holder"]
        return ""

    def undo(self, name: str, revision: str = "") -> str:
        every = self.revisions[name]
        if not self.can_return or len(every) < 2:
            return "no rollout history found"
        number = int(revision.removeprefix("--to-revision=") or sorted(every)[-2])
        every[max(every) + 1] = every.pop(number)
        self.sick = set()
        return ""

    def apply(self, documents: list[str]) -> str:
        for document in documents:
            kind, name = re.findall(r"(?m)^(?:kind:|  name:) (.*)$", document)
            if kind == "Namespace" and not self.may_create_namespaces:
                return "namespaces is forbidden"
            assert not (self.draining and name == "after-deploy")
            self.calls.append(f"apply {kind} {name}")
            if kind == "Deployment":
                [image] = re.findall("image: (.*)", document)
                every = self.revisions[name]
                if image != self.images.get(name):
                    every[max(every, default=0) + 1] = image
        return ""

    def sets(self, selector: str, path: str) -> Iterator[str]:
        wanted = re.search('revision=="(.*)"', path)
        for name, every in self.revisions.items():
            for number in every if re.search(rf"\b{name}\b", selector) else ():
                if number == int(wanted[1]) if wanted else number < max(every):
                    yield f"{name}-{number}"

    def conditions(self, job: str) -> str:
        return "" if self.pods else self.ended.get(job, "Complete")

    def get(self, what: str, path: str) -> str:
        kind, _, name = what.partition("/")
        if kind == "pods" and "phase" in path:
            return self.pods.pop(0)
        answers = {
            "job": name if "name" in path else self.conditions(name),
            "events": self.events,
            "deployment": self.images.get(name, ""),
            "configmap": "ann@laptop",
            "namespace": name,
        }
        if "deletionTimestamp" in path:
            return self.draining.pop(0) if self.draining else ""
        if "revision" in path:
            return str(max(self.revisions.get(name, ()), default=""))
        return answers[kind]


type Make = Callable[..., tuple[int, str]]


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    monkeypatch.chdir(tmp_path)
    found = Cluster(tmp_path)
    # Not the bound method: as an attribute of the class, it would take the first word.
    monkeypatch.setattr(
        kubernetes.Cluster,
        "run",
        lambda _, *words, **text: found.kubectl(*words, **text),
    )
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(kubernetes, "POLL", 0)
    return found


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Make:
    """Run a target, and return the exit code and the last line."""

    def make(command: str = "deploy", image: str = "site:2") -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["", command, "--image", image])
        try:
            kubernetes.main()
        except SystemExit as end:
            return 1, str(end.code)
        return 0, capsys.readouterr().out.splitlines()[-1]

    return make


@pytest.mark.practice(48)
def test_release_is_migrated_and_checked_before_its_pods_start(
    cluster: Cluster, make: Make
) -> None:
    assert make() == (0, "shop now serves site:2.")

    assert cluster.applied == [
        *("shop", "variables-abc", "before-deploy", "release-check"),
        *("worker", "beat", "web", "web", "after-deploy"),
    ]
    assert {*cluster.images.values()} == {"site:2"}
    assert not cluster.lock


@pytest.mark.parametrize("job", ["before-deploy", "release-check"])
def test_release_that_fails_a_job_starts_no_pod(
    cluster: Cluster, make: Make, job: str
) -> None:
    make(image="site:1")
    cluster.calls.clear()
    cluster.ended[job] = "FailureTarget Failed"

    assert make() == (1, f"{job} failed: site:1 serves.")

    assert not {"web", "worker", "beat", "after-deploy"} & {*cluster.applied}
    assert not cluster.lock


def test_image_that_cannot_be_pulled_ends_the_deploy(
    cluster: Cluster, make: Make
) -> None:
    cluster.pods = ["Pending ImagePullBackOff", "Pending"]

    assert make() == (1, "before-deploy cannot pull its image: no release serves.")
    # Otherwise it would migrate when the image is there.
    assert cluster.calls[-2].startswith("patch job/before-deploy ")


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        (
            """2026-02-02T00:00:00Z before-deploy-b secret not found
2026-01-01T00:00:00Z before-deploy-a older
2026-03-03T00:00:00Z web-a of another
""",
            ": secret not found",
        ),
        ("", ""),
    ],
)
def test_job_whose_pod_does_not_start_ends_the_deploy_with_the_reason(
    cluster: Cluster,
    make: Make,
    monkeypatch: pytest.MonkeyPatch,
    events: str,
    reason: str,
) -> None:
    monkeypatch.setattr(kubernetes, "START", 0)
    cluster.pods = ["Pending ContainerCreating", "Pending"]
    cluster.events = events

    assert make() == (1, f"before-deploy does not start{reason}: no release serves.")


def test_job_may_run_for_longer_than_it_may_take_to_start(
    cluster: Cluster, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kubernetes, "START", 0)
    cluster.pods = ["Running"] * 3

    assert make()[0] == 0


def test_job_starts_after_the_pods_of_its_last_run_are_gone(
    cluster: Cluster, make: Make
) -> None:
    make()

    deleted = [call for call in cluster.calls if call.startswith("delete job/")]
    assert len(deleted) == 4
    assert all("--cascade=foreground" in call for call in deleted)


@pytest.mark.parametrize(
    ("sick", "changed"),
    [("web", ["worker", "beat", "web"]), ("worker", ["worker", "beat"])],
)
def test_release_that_is_not_ready_returns_to_the_one_before(
    cluster: Cluster, make: Make, sick: str, changed: list[str]
) -> None:
    make(image="site:1")
    cluster.calls.clear()
    cluster.sick = {sick}

    code, line = make()

    assert code == 1
    assert line.endswith("exceeded its progress deadline: site:1 serves.")
    assert cluster.undone == [
        f"rollout undo deployment/{name} --to-revision=1" for name in reversed(changed)
    ]
    assert "after-deploy" not in cluster.applied


@pytest.mark.parametrize("sick", ["web", "worker"])
def test_rollback_does_not_return_to_a_release_that_failed(
    cluster: Cluster, make: Make, sick: str
) -> None:
    make(image="site:1")
    make(image="site:2")
    cluster.sick = {sick}
    make(image="site:3")
    assert {*cluster.images.values()} == {"site:2"}

    assert make("rollback") == (0, "shop serves site:1 again.")

    assert {*cluster.images.values()} == {"site:1"}


def test_second_rollback_does_not_return_to_what_was_left(
    cluster: Cluster, make: Make
) -> None:
    make(image="site:1")
    make(image="site:2")
    make("rollback")

    code, line = make("rollback")

    assert code == 1
    assert line.startswith("web has no release before")
    assert {*cluster.images.values()} == {"site:1"}


@pytest.mark.parametrize(
    ("image", "call"),
    # In the deploy, web is not reached; in the rollback, web is the first.
    [
        ("site:3", "rollout status deployment/worker"),
        ("", "rollout undo deployment/beat"),
    ],
)
def test_rollback_returns_all_to_one_release_after_an_interruption(
    cluster: Cluster, make: Make, image: str, call: str
) -> None:
    make(image="site:1")
    make(image="site:2")
    cluster.last = call
    with pytest.raises(KeyboardInterrupt):
        make(image=image) if image else make("rollback")
    cluster.last = ""
    assert len({*cluster.images.values()}) == 2

    assert make("rollback")[0] == 0

    assert {*cluster.images.values()} == {"site:2" if image else "site:1"}


def test_read_that_fails_for_a_moment_ends_no_migration(
    cluster: Cluster, make: Make
) -> None:
    cluster.pods = ["Running"]
    cluster.unreachable = 5

    assert make() == (0, "shop now serves site:2.")

    cluster.unreachable = 100
    code, line = make()
    assert code == 1
    assert "TLS handshake timeout" in line


def test_namespace_that_exists_is_labelled_by_who_may(
    cluster: Cluster, make: Make
) -> None:
    make()
    assert cluster.applied[0] == "shop"

    cluster.calls.clear()
    cluster.may_create_namespaces = False
    assert make()[0] == 0
    assert "shop" not in cluster.applied


def test_way_back_that_fails_hides_no_error(cluster: Cluster, make: Make) -> None:
    make(image="site:1")
    cluster.sick, cluster.can_return = {"web"}, False

    code, line = make()

    assert code == 1
    assert "exceeded its progress deadline: the way back failed too: " in line
    assert line.endswith("no rollout history found; repeat the command.")


def test_first_release_has_none_to_return_to(cluster: Cluster, make: Make) -> None:
    cluster.sick = {"web"}

    code, line = make()

    assert code == 1
    assert line.endswith("exceeded its progress deadline: no release serves.")
    assert not cluster.undone


def test_failure_after_an_interruption_says_what_runs(
    cluster: Cluster, make: Make
) -> None:
    make(image="site:1")
    cluster.revisions["worker"][2] = "site:2"
    cluster.ended["before-deploy"] = "Failed"

    code, line = make()

    assert code == 1
    assert line.endswith(
        ": worker runs site:2, beat runs site:1, web runs site:1; repeat the command."
    )


@pytest.mark.practice(49)
def test_after_a_contraction_nobody_returns_to_the_release_before(
    cluster: Cluster, make: Make
) -> None:
    make()
    assert not [call for call in cluster.calls if "replicaset" in call]

    cluster.logs["after-deploy"] = "  Applying shop.0006_drop... OK"
    make(image="site:3")

    assert "delete replicaset worker-1 beat-1 web-1" in cluster.calls


@pytest.mark.practice(49)
def test_contraction_waits_until_the_old_pods_have_stopped(
    cluster: Cluster, make: Make
) -> None:
    cluster.draining = ["2026-01-01T00:00:00Z"] * 3

    assert make() == (0, "shop now serves site:2.")
    assert cluster.applied[-1] == "after-deploy"
    assert not cluster.draining


@pytest.mark.practice(49)
def test_nobody_returns_after_the_first_of_two_contractions(
    cluster: Cluster, make: Make
) -> None:
    make(image="site:1")
    cluster.logs["after-deploy"] = (
        "  Applying shop.0006_drop... OK\n  Applying shop.7..."
    )
    cluster.ended["after-deploy"] = "Failed"

    assert make()[0] == 1

    assert "delete replicaset worker-1 beat-1 web-1" in cluster.calls


@pytest.mark.practice(49)
def test_nobody_returns_after_a_contraction_that_was_cut_off(
    cluster: Cluster, make: Make
) -> None:
    make(image="site:1")
    make(image="site:2")
    # Its end was not seen, and the next run has nothing to apply.
    cluster.logs["after-deploy"] = "  Applying shop.0006_drop... OK"
    cluster.last = "delete job/after-deploy"
    with pytest.raises(KeyboardInterrupt):
        make()
    cluster.last = ""
    cluster.logs.clear()
    make()

    assert make("rollback")[0] == 1

    assert {*cluster.images.values()} == {"site:2"}


@pytest.mark.practice(49)
def test_rollback_ends_the_contraction_of_a_deploy_that_was_cut_off(
    cluster: Cluster, make: Make
) -> None:
    make(image="site:1")
    make(image="site:2")
    cluster.ended["after-deploy"] = ""

    assert make("rollback")[0] == 0

    (patched,) = [call for call in cluster.calls if call.startswith("patch ")]
    assert patched.startswith("patch job/after-deploy ")
    assert cluster.calls.index(patched) < cluster.calls.index(cluster.undone[0])


def test_failed_contraction_says_that_the_release_serves(
    cluster: Cluster, make: Make
) -> None:
    cluster.ended["after-deploy"] = "Failed"

    assert make() == (
        1,
        "after-deploy failed: site:2 serves. When you know why, repeat the command.",
    )


def test_second_deploy_at_the_same_time_is_refused(
    cluster: Cluster, make: Make
) -> None:
    cluster.lock = "another"

    code, line = make()

    assert code == 1
    assert line.startswith("Another deploy to shop runs, by ann@laptop, or was cut off")
    assert line.endswith("kubectl --namespace shop delete configmap deploy-lock")
    assert cluster.applied == ["shop"]
    assert cluster.lock == "another"


def test_deploy_leaves_the_lock_of_another(
    cluster: Cluster, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_taken(_: object) -> None:
        """Somebody deletes the lock, and deploys."""
        cluster.lock = "another"

    monkeypatch.setattr(kubernetes, "await_database", is_taken)

    assert make()[0] == 0
    assert cluster.lock == "another"


def test_rollback_returns_every_deployment(cluster: Cluster, make: Make) -> None:
    make(image="site:1")
    make(image="site:2")

    assert make("rollback") == (0, "shop serves site:1 again.")

    assert cluster.undone == [
        f"rollout undo deployment/{name}" for name in ("web", "beat", "worker")
    ]


def test_rollback_needs_no_secrets(cluster: Cluster, make: Make) -> None:
    make(image="site:1")
    make(image="site:2")
    cluster.secrets.unlink()

    assert make("rollback") == (0, "shop serves site:1 again.")
    assert not cluster.secrets.exists()


def test_rollback_without_a_release_before_says_what_to_do(
    cluster: Cluster, make: Make
) -> None:
    make()

    code, line = make("rollback")

    assert code == 1
    assert line.endswith("it cannot run on today's tables: make deploy IMAGE=...")


@pytest.mark.parametrize(
    ("image", "is_accepted"),
    [
        ("", False),
        ("site", False),
        ("site:latest", False),
        ("registry.example.com:5000/site", False),
        ("registry.example.com:5000/site:1.2", True),
        (f"site@sha256:{'a' * 64}", True),
    ],
)
def test_image_needs_a_tag_of_its_own(
    cluster: Cluster, make: Make, image: str, is_accepted: bool
) -> None:
    code, line = make(image=image)

    assert (code == 0) is is_accepted
    assert is_accepted or line.startswith("Name the image with its tag: make deploy ")


def test_overlay_with_an_image_of_its_own_is_refused(
    cluster: Cluster, make: Make
) -> None:
    cluster.rendered = RENDERED.replace("image: site", "image: site:1")

    code, line = make()

    assert code == 1
    assert line == f"{OVERLAY} names an image itself: delete `images`."
    assert not cluster.applied


def test_secrets_are_made_once_and_deploy_waits_for_them(
    cluster: Cluster, make: Make
) -> None:
    cluster.secrets.unlink()

    assert make() == (
        1,
        f"Fill in {OVERLAY}/secrets.env, which now exists, and repeat the command.",
    )

    key, url, _ = cluster.secrets.read_text().split("\n")
    assert len(key.removeprefix("SECRET_KEY=")) > 50
    assert url == "DATABASE_URL="
    assert cluster.secrets.stat().st_mode & 0o077 == 0
    assert make()[0] == 0


def test_missing_kubectl_is_named(
    cluster: Cluster, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    monkeypatch.chdir(cluster.secrets.parents[4])
    monkeypatch.setenv("PATH", "/nowhere")

    assert make() == (
        1,
        "This needs kubectl: https://kubernetes.io/docs/tasks/tools/",
    )
