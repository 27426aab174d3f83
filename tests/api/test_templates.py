from __future__ import annotations

import copy
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings

from kubesim.api.errors import ApiError
from kubesim.api.objects import Wire
from kubesim.api.server import ApiServer, ApiSettings
from kubesim.api.store import Store
from kubesim.api.templates import SYSTEM_PRIORITIES, TOKEN_PATH, Account, Priority, TemplateCache, account_name
from kubesim.simulation import Simulation
from tests.api.manifests import broken, valid
from tests.chances import CHANCES

SPEC: Wire = {"containers": [{"name": "c", "image": "nginx", "resources": {}}]}
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
SECCOMP = "seccomp.security.alpha.kubernetes.io/pod"


@pytest.mark.parametrize(
    ("spec", "annotations", "account", "same"),
    [
        (SPEC, {}, Account("default"), True),
        (SPEC, {LAST_APPLIED: "{}"}, Account("default"), True),
        (SPEC, {SECCOMP: "unconfined"}, Account("default"), False),
        (SPEC, {}, Account("default", mounts_token=False), False),
        (SPEC, {}, Account("default", pull_secrets=("s",)), False),
        ({**SPEC, "hostNetwork": True}, {}, Account("default"), False),
    ],
)
def test_a_template_is_known_by_all_that_it_depends_on(
    spec: Wire, annotations: dict[str, str], account: Account, same: bool
) -> None:
    cache = TemplateCache()
    before = copy.deepcopy(spec)
    assert (cache.template(SPEC, {}, Account("default")) is cache.template(spec, annotations, account)) is same
    assert spec == before


def test_the_least_recently_used_template_is_forgotten() -> None:
    cache, account = TemplateCache(size=2), Account("default")
    first = cache.template(SPEC, {}, account)
    cache.template({**SPEC, "hostname": "a"}, {}, account)
    assert cache.template(SPEC, {}, account) is first
    cache.template({**SPEC, "hostname": "b"}, {}, account)
    assert cache.template(SPEC, {}, account) is first
    cache.template({**SPEC, "hostname": "c"}, {}, account)
    cache.template({**SPEC, "hostname": "d"}, {}, account)
    assert cache.template(SPEC, {}, account) is not first


def test_pods_of_one_template_differ_in_the_name_of_their_token_alone() -> None:
    own = {"name": "data", "mountPath": "/data"}
    spec = {**SPEC, "volumes": [{"name": "data"}], "containers": [{**SPEC["containers"][0], "volumeMounts": [own]}]}
    template = TemplateCache().template(spec, {}, Account("default"))
    one, other = template.spec_with("token-1"), template.spec_with("token-2")
    assert [volume["name"] for volume in one["volumes"]] == ["data", "token-1"]
    assert [mount["name"] for mount in other["containers"][0]["volumeMounts"]] == ["data", "token-2"]
    assert one["tolerations"] is other["tolerations"]
    for each in (one, other):
        each["volumes"] = each["containers"] = None
    assert one == other


def test_a_pod_without_a_token_shares_the_whole_spec() -> None:
    template = TemplateCache().template({**SPEC, "automountServiceAccountToken": False}, {}, Account("default"))
    assert template.spec_with("") is template.spec


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ({}, "default"),
        ({"serviceAccount": "old"}, "old"),
        ({"serviceAccountName": "new", "serviceAccount": "old"}, "new"),
    ],
)
def test_the_newer_name_of_the_account_counts(spec: Wire, name: str) -> None:
    assert account_name(spec) == name


@pytest.mark.parametrize(
    ("wire", "account"),
    [
        (None, Account("a")),
        ({"automountServiceAccountToken": True}, Account("a")),
        ({"automountServiceAccountToken": False}, Account("a", mounts_token=False)),
        ({"imagePullSecrets": [{"name": "s"}]}, Account("a", pull_secrets=("s",))),
    ],
)
def test_what_a_pod_takes_over_from_its_account(wire: Wire | None, account: Account) -> None:
    assert Account.of("a", wire) == account


def test_a_spec_that_was_refused_is_refused_again_for_the_next_pod(api: ApiServer) -> None:
    def refusal(name: str) -> str:
        spec = {"containers": [{"name": "c"}]}
        with pytest.raises(ApiError) as refused:
            api.create({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec})
        return str(refused.value)

    assert refusal("a") == 'Pod "a" is invalid: spec.containers[0].image: Required value'
    assert refusal("b") == 'Pod "b" is invalid: spec.containers[0].image: Required value'


def answer(api: ApiServer, manifest: Wire) -> Any:
    try:
        response = api.create(copy.deepcopy(manifest))
    except ApiError as error:
        return error.status
    return response.object, response.warnings


def server() -> ApiServer:
    made = ApiServer(Simulation(), Store(), ApiSettings())
    made.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}})
    return made


@settings(max_examples=150, deadline=None, derandomize=True)
@given(chance=CHANCES)
def test_a_server_that_has_seen_the_spec_answers_as_one_that_has_not(chance: Random) -> None:
    manifest = chance.choice([valid, broken])(chance)
    fresh, knowing = server(), server()
    knowing.templates = seen
    assert answer(fresh, manifest) == answer(knowing, manifest)


seen = TemplateCache()
"""Shared by every example above."""


def completed(account: Account, **spec: Any) -> Any:
    named = spec.get("priorityClassName")
    priority = Priority(named, SYSTEM_PRIORITIES[named]) if named else Priority()
    return TemplateCache().template({**SPEC, **spec}, {}, account, priority).spec


@pytest.mark.parametrize(
    ("asks", "leaves", "mounted"),
    [(None, True, True), (None, False, False), (False, True, False), (True, False, True)],
)
def test_the_pod_has_the_last_word_on_its_token(asks: bool | None, leaves: bool, mounted: bool) -> None:
    spec = {**SPEC} if asks is None else {**SPEC, "automountServiceAccountToken": asks}
    template = TemplateCache().template(spec, {}, Account("a", mounts_token=leaves))
    assert template.mounts_token is mounted
    assert len(template.spec.get("volumes", [])) == mounted
    assert (template.spec["serviceAccountName"], template.spec["serviceAccount"]) == ("a", "a")


def test_a_container_with_something_else_in_the_tokens_place_keeps_it() -> None:
    own, other = {"name": "own", "mountPath": TOKEN_PATH}, {"name": "d", "image": "busybox"}
    occupied = {**SPEC["containers"][0], "volumeMounts": [own]}
    template = TemplateCache().template({"containers": [occupied, other]}, {}, Account("a"))
    first, second = template.spec_with("token")["containers"]
    assert first["volumeMounts"] == [own]
    assert second["volumeMounts"] == [{"name": "token", "mountPath": TOKEN_PATH, "readOnly": True}]
    assert not TemplateCache().template({"containers": [occupied]}, {}, Account("a")).mounts_token


@pytest.mark.parametrize(("own", "expected"), [([], ["s", "t"]), ([{"name": "mine"}], ["mine"])])
def test_an_accounts_pull_secrets_stand_in_for_missing_ones(own: list[Wire], expected: list[str]) -> None:
    spec = completed(Account("a", pull_secrets=("s", "t")), imagePullSecrets=own)
    assert [secret["name"] for secret in spec["imagePullSecrets"]] == expected


NOT_READY, UNREACHABLE = "node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"


@pytest.mark.parametrize(
    ("own", "added"),
    [
        ([], [NOT_READY, UNREACHABLE]),
        ([{"key": NOT_READY, "operator": "Exists", "effect": "NoExecute"}], [UNREACHABLE]),
        ([{"key": UNREACHABLE, "operator": "Exists"}], [NOT_READY]),
        ([{"key": NOT_READY, "operator": "Exists", "effect": "NoSchedule"}], [NOT_READY, UNREACHABLE]),
        ([{"operator": "Exists"}], []),
        ([{"key": "other", "operator": "Exists"}], [NOT_READY, UNREACHABLE]),
    ],
)
def test_a_pod_stays_five_minutes_on_a_lost_node_unless_it_says_otherwise(own: list[Wire], added: list[str]) -> None:
    tolerations = completed(Account("a"), tolerations=own)["tolerations"]
    seconds = {"operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
    assert tolerations == [*own, *({"key": key, **seconds} for key in added)]


NODE = 2_000_001_000


@pytest.mark.parametrize(
    ("spec", "priority", "preempts"),
    [
        ({}, 0, "PreemptLowerPriority"),
        ({"priority": 0}, 0, "PreemptLowerPriority"),
        ({"preemptionPolicy": "Never"}, 0, "Never"),
        ({"priorityClassName": "system-cluster-critical"}, 2_000_000_000, "PreemptLowerPriority"),
        ({"priorityClassName": "system-node-critical", "priority": NODE}, NODE, "PreemptLowerPriority"),
    ],
)
def test_priority_comes_from_the_class(spec: Wire, priority: int, preempts: str) -> None:
    made = completed(Account("a"), **spec)
    assert (made["priority"], made["preemptionPolicy"]) == (priority, preempts)


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ({"priority": 5}, r"\(5\) must not be provided in pod spec; priority admission controller computed 0 from"),
        ({"priorityClassName": "system-node-critical", "priority": 0}, "computed 2000001000 from"),
    ],
)
def test_a_priority_that_no_class_gives(spec: Wire, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        completed(Account("a"), **spec)
