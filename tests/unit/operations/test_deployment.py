"""What is deployed elsewhere is what the Procfile runs here, and closed where it can be."""

import re
import shlex
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml

import celeryconfig
from api.http.security_headers import NOTHING
from embedded import procfile
from shared.pipeline import QUEUES, STEPS
from shared.settings import variables

ROOT = Path(__file__).parents[3]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("sessionscribe")}
MANIFESTS = sorted((ROOT / "deploy" / "kubernetes").glob("*.yaml"))
# Kinds of other projects, whose schemas the validator does not have: what we use of them, in their words.
_TRIGGER = {
    "type": "object",
    "required": ["type", "metadata"],
    "additionalProperties": False,
    "properties": {
        "type": {"const": "prometheus"},
        "metricType": {"enum": ["AverageValue", "Value"]},
        "metadata": {
            "type": "object",
            "required": ["serverAddress", "query", "threshold"],
            "additionalProperties": {"type": "string"},
        },
    },
}
_COUNT = {"type": "integer", "minimum": 1}
_SCALED = {
    "type": "object",
    "required": ["scaleTargetRef", "triggers"],
    "additionalProperties": False,
    "properties": {
        "scaleTargetRef": {"type": "object", "required": ["name"]},
        **dict.fromkeys(("minReplicaCount", "maxReplicaCount", "pollingInterval", "cooldownPeriod"), _COUNT),
        "fallback": {"type": "object", "required": ["failureThreshold", "replicas"]},
        "triggers": {"type": "array", "minItems": 1, "items": _TRIGGER},
    },
}
FOREIGN_KINDS: dict[str, dict[str, Any]] = {
    "ScaledObject": {"properties": {"apiVersion": {"const": "keda.sh/v1alpha1"}, "spec": _SCALED}},
    "Kustomization": {"properties": {"apiVersion": {"const": "kustomize.config.k8s.io/v1beta1"}}},
}
KUBERNETES = "1.33"


def documents() -> list[tuple[str, dict[str, Any]]]:
    return [(path.name, document) for path in MANIFESTS for document in yaml.safe_load_all(path.read_text())]


def pods() -> dict[str, dict[str, Any]]:
    found = {}
    for _, document in documents():
        if document["kind"] in ("Deployment", "Job"):
            pod = document["spec"]["template"]["spec"]
            found[pod["containers"][0]["name"]] = pod
    return found


def commands_of(name: str) -> list[list[str]]:
    """The commands that run a process of the Procfile, in compose and in Kubernetes."""
    in_compose = [list(s["command"]) for n, s in OURS.items() if n.startswith(name) and "command" in s]
    in_pods = [p["containers"][0]["command"] for n, p in pods().items() if n.startswith(name)]
    return in_compose + in_pods


def local_command(name: str) -> str:
    entries = procfile.parse((ROOT / "Procfile").read_text().splitlines())
    return next(entry.command for entry in entries if entry.name == name)


@pytest.mark.parametrize("name", ["release", "dispatcher", "courier"])
def test_a_process_runs_everywhere_by_the_same_command(name: str) -> None:
    commands = commands_of(name)
    assert len(commands) == 2
    assert all(command == shlex.split(local_command(name)) for command in commands)


def test_only_the_release_step_sees_the_owner_of_the_database() -> None:
    in_compose = {name for name, service in OURS.items() if "migrations_database_url" in str(service)}
    in_pods = {name for name, pod in pods().items() if "migrations" in str(pod).replace("-m, migrations", "")}
    assert in_compose == in_pods == {"release"}


def test_workers_run_everywhere_with_the_same_flags() -> None:
    local = shlex.split(local_command("worker"))
    celery = local[local.index("celery") :]
    switches = {word for word in celery if word.startswith("--")}
    for command in commands_of("worker"):
        assert switches == {word for word in command if word.startswith("--")}
        assert command[command.index("--concurrency") + 1] == "1"


@pytest.mark.parametrize("where", ["compose", "kubernetes"])
def test_every_queue_has_a_pool(where: str) -> None:
    services = OURS if where == "compose" else pods()
    commands = [
        service["command"] if where == "compose" else service["containers"][0]["command"]
        for name, service in services.items()
        if name.startswith("worker")
    ]
    consumed = {queue for command in commands for queue in command[command.index("--queues") + 1].split(",")}
    assert consumed == set(QUEUES)


def test_the_web_server_runs_in_the_image_as_it_does_here() -> None:
    image = (ROOT / "Dockerfile").read_text()
    local = shlex.split(local_command("web"))
    for option in ("--worker-class", "--timeout", "--threads", "--graceful-timeout"):
        assert f'"{option}", "{local[local.index(option) + 1]}"' in image


@pytest.mark.parametrize("name", sorted(OURS))
def test_a_container_of_ours_may_do_nothing_that_it_need_not(name: str) -> None:
    service = OURS[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert "ports" not in service


def test_every_container_drops_all_capabilities_and_gets_back_what_its_entrance_needs() -> None:
    known = {"CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"}
    for name, service in SERVICES.items():
        assert service["cap_drop"] == ["ALL"], name
        assert set(service.get("cap_add", ())) <= known, name
        assert "no-new-privileges:true" in service["security_opt"], name
    for name, pod in pods().items():
        context = pod["containers"][0]["securityContext"]
        assert context["capabilities"] == {"drop": ["ALL"]}, name
        assert pod["securityContext"]["runAsNonRoot"], name


def test_the_proxys_headers_are_set_once_and_for_all_answers() -> None:
    """A header that is added in a location would switch all the others off there."""
    lines = [line.strip() for line in (ROOT / "deploy" / "nginx.conf").read_text().splitlines()]
    added = [line for line in lines if line.startswith("add_header")]
    assert {line.split()[1] for line in added} == {
        "Strict-Transport-Security", "X-Content-Type-Options", "Referrer-Policy", "Content-Security-Policy",
        "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy", "Permissions-Policy", "Cache-Control",
    }  # fmt: skip
    assert all(line.endswith(" always;") for line in added)
    assert max(lines.index(line) for line in added) < lines.index("server {")
    assert NOTHING in "".join(lines)


def test_only_the_proxy_is_published_and_only_the_courier_calls_out() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    outside = [name for name, service in SERVICES.items() if "outside" in service["networks"]]
    assert sorted(outside) == ["courier", "proxy"]
    assert COMPOSE["networks"]["back"]["internal"]
    assert COMPOSE["networks"]["front"]["internal"]


def test_every_secret_is_made_by_the_script_and_none_stands_in_the_file() -> None:
    script = (ROOT / "deploy" / "make-secrets.sh").read_text()
    made = set(re.findall(r"once (\w+)", script)) | {"tls_key", "tls_certificate"}
    assert set(COMPOSE["secrets"]) <= made
    for service in SERVICES.values():
        for variable, value in service.get("environment", {}).items():
            assert "PASSWORD" not in variable or variable.endswith("_FILE"), value


def test_every_image_of_others_is_pinned_by_version_and_digest() -> None:
    base = re.search(r"^ARG PYTHON_IMAGE=(\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert base
    images = {service["image"] for name, service in SERVICES.items() if name not in OURS}
    for image in {base[1], *images}:
        assert re.fullmatch(r"[a-z/]+:[\w.-]*\d[\w.-]*@sha256:[0-9a-f]{64}", image), image


@pytest.mark.parametrize(("name", "document"), documents(), ids=lambda value: str(value)[:40])
def test_a_manifest_is_valid(name: str, document: dict[str, Any]) -> None:
    if document["kind"] in FOREIGN_KINDS:
        jsonschema.validate(document, FOREIGN_KINDS[document["kind"]])
    else:
        kubernetes_validate.validate(document, KUBERNETES, strict=True)


@pytest.mark.parametrize("wrong", [{"minReplicas": 2}, {"maxReplicaCount": "50"}, {"triggers": []}])
def test_a_manifest_of_a_foreign_kind_that_is_wrong_is_noticed(wrong: dict[str, Any]) -> None:
    right = next(document for _, document in documents() if document["kind"] == "ScaledObject")
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**right, "spec": {**right["spec"], **wrong}}, FOREIGN_KINDS["ScaledObject"])


def test_the_kustomization_names_every_manifest_but_what_comes_before_it_and_one_way_to_scale() -> None:
    named = next(document["resources"] for _, document in documents() if document["kind"] == "Kustomization")
    files = {path.name for path in MANIFESTS}
    apart = {"kustomization.yaml", "release.yaml", "secrets.example.yaml", "autoscaling-keda.yaml"}
    assert set(named) == files - apart


@pytest.mark.parametrize("way", ["autoscaling-hpa.yaml", "autoscaling-keda.yaml"])
def test_every_pool_is_scaled_and_nothing_else_sets_its_number(way: str) -> None:
    scaled = {d["spec"]["scaleTargetRef"]["name"] for name, d in documents() if name == way}
    pools = {d["metadata"]["name"]: d for _, d in documents() if d["kind"] == "Deployment"}
    workers = {name for name in pools if "worker" in name}
    assert workers <= scaled <= set(pools)
    assert not [name for name in workers if "replicas" in pools[name]["spec"]]


@pytest.mark.parametrize("pool", sorted(name for name in OURS if name.startswith("worker")))
def test_a_pool_has_the_same_bounds_everywhere_and_time_to_give_its_work_back(pool: str) -> None:
    here, there = OURS[pool], pods()[pool]
    limits = there["containers"][0]["resources"]["limits"]
    assert here["mem_limit"] == limits["memory"].lower().removesuffix("i")
    grace = int(here["stop_grace_period"].removesuffix("s"))
    assert grace == there["terminationGracePeriodSeconds"]
    assert grace > 4 * celeryconfig.worker_soft_shutdown_timeout
    assert here["environment"]["REMAP_SIGTERM"] == "SIGQUIT"


def test_every_kind_of_work_has_a_time_limit_that_its_lease_knows() -> None:
    limits = {task: said["time_limit"] for task, said in celeryconfig.task_annotations.items()}
    assert limits == {step.task: step.limit_seconds + 30 for step in STEPS.values()}
    guide = (ROOT / "docs" / "operations.md").read_text()
    for step in STEPS.values():
        assert f"`{step.name}` {step.limit_seconds // 60} min" in guide


def test_settings_that_are_deployed_exist() -> None:
    known = {*variables(), *(f"{name}_FILE" for name in variables())}
    known |= {
        "REMAP_SIGTERM",
        "OPENBLAS_NUM_THREADS",
        "OMP_NUM_THREADS",
        "MALLOC_ARENA_MAX",
        "FLOWER_BASIC_AUTH_FILE",
    }
    given = {variable for service in OURS.values() for variable in service["environment"]}
    for pod in pods().values():
        given |= {variable["name"] for variable in pod["containers"][0]["env"]}
    for _, document in documents():
        if document["kind"] == "ConfigMap":
            given |= set(document["data"])
    assert given <= known
