"""Tab in a terminal: what is offered where."""

import pytest

from kubesim import Cluster, Terminal
from kubesim.terminal.completion import Desk, complete

SETUP = """\
kubectl run web --image nginx
kubectl run worker-pod --image busybox -- sleep 999
kubectl create deployment api --image nginx
kubectl expose pod web --port 80
kubectl create namespace shop
kubectl -n shop run till --image nginx
NAME=value; NUMBER=1; greet() { echo hi; }; mkdir sub; touch sub/one sub/two
"""
TWO_CONTAINERS = """\
apiVersion: v1
kind: Pod
metadata: {name: pair}
spec:
  initContainers: [{name: first, image: busybox}]
  containers: [{name: left, image: nginx}, {name: right, image: busybox, command: [sleep, "999"]}]
"""


@pytest.fixture(scope="module")
def desk() -> Desk:
    cluster = Cluster()
    terminal = Terminal(cluster)
    terminal.run(SETUP)
    cluster.apply(TWO_CONTAINERS)
    cluster.settle()
    return Desk.of(terminal)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kubec", "kubectl"),
        ("gre", "greet grep"),
        ("expor", "export"),
        ("kubectl get pods | gre", "greet grep"),
        ("x=1 ; kubec", "kubectl"),
        ("while kubec", "kubectl"),
        ("sudo kubectl roll", "rollout"),
        ("k3s kubectl unc", "uncordon"),
        ("kubectl ge", "get"),
        ("kubectl rollout un", "undo"),
        ("kubectl create service n", "nodeport"),
        ("kubectl get s", "secrets serviceaccounts services statefulsets servicecidrs storageclasses"),
        ("kubectl get --show-l", "--show-labels"),
        ("kubectl get pods -", None),
        ("kubectl get pod w", "web worker-pod"),
        ("kubectl get pods web w", "worker-pod"),
        ("kubectl get svc,po w", "web worker-pod"),
        ("kubectl get po/w", "po/web po/worker-pod"),
        ("kubectl delete pod/web services/w", "services/web"),
        ("kubectl -n shop get pod ", "till"),
        ("kubectl get pod --namespace=shop ", "till"),
        ("kubectl get pods -n s", "shop"),
        ("kubectl get pods --namespace=kube-s", "--namespace=kube-system"),
        ("kubectl get pods -o js", "json jsonpath="),
        ("kubectl describe no", "nodes"),
        ("kubectl describe nodes ", "master worker"),
        ("kubectl drain m", "master"),
        ("kubectl scale d", "deployments"),
        ("kubectl scale deployments ", "api"),
        ("kubectl rollout restart deployment/", "deployment/api"),
        ("kubectl set image deployment/api ", "nginx="),
        ("kubectl logs we", "web"),
        ("kubectl logs pair -c ", "first left right"),
        ("kubectl exec pair --container=r", "--container=right"),
        ("kubectl exec -it service/w", "service/web"),
        ("kubectl logs deployment/api -c ", "nginx"),
        ("kubectl exec web -- /etc/nginx/ng", "/etc/nginx/nginx.conf"),
        ("kubectl exec web -- cat /etc/hostn", "/etc/hostname"),
        ("kubectl exec pair -c right -- vi", "vi"),
        ("kubectl apply -f my", "myservice.yaml"),
        ("kubectl apply -f sub/", "sub/one sub/two"),
        ("kubectl explain endp", "endpoints endpointslices"),
        ("kubectl config use-context ", "default"),
        ("kubectl get nothing ", ""),
        ("kubectl nothing ", ""),
        ("cat my", "myservice.yaml"),
        ("cat < my", "myservice.yaml"),
        ("echo >my", "myservice.yaml"),
        ("cat su", "sub/"),
        ("cat ~/sub/o", "~/sub/one"),
        ("/root/su", "/root/sub/"),
        ("cat /etc/hostn", "/etc/hostname"),
        ('cat "/etc/hostn', "/etc/hostname"),
        ("echo $NA", "$NAME"),
        ("echo ${NU", "${NUMBER}"),
        ('echo "$(kubectl get pod we', "web"),
        ("for i in 1; do\n  kubectl get pod we", "web"),
        ("kubectl get \\\n  pod we", "web"),
        ("ping mas", "master"),
        ("# kubectl ge", ""),
        ("echo 'a b' | kubectl ge", "get"),
        ("cat nowhere/", ""),
    ],
)
def test_what_is_offered(desk: Desk, text: str, expected: str | None) -> None:
    found = complete(desk, text)
    texts = [each.text for each in found.candidates]
    assert text.endswith(found.begun)
    if expected is None:
        assert texts and all(each.startswith("-") for each in texts)
    else:
        assert texts == expected.split()


def test_what_each_offer_is(desk: Desk) -> None:
    kinds = {
        "kubectl ge": "verb",
        "kubectl get --wat": "flag",
        "kubectl get po": "kind",
        "kubectl get pod we": "name",
        "kubectl logs pair -c le": "container",
        "kubectl get pod -n sh": "namespace",
        "cat my": "file",
        "kubec": "program",
        "expor": "builtin",
        "$NAM": "variable",
    }
    assert {text: complete(desk, text).candidates[0].kind for text in kinds} == kinds


def test_looking_for_words_is_no_step(desk: Desk) -> None:
    steps = len(desk.cluster.journal)
    complete(desk, "kubectl get pod ")
    complete(desk, "kubectl exec web -- ")
    assert len(desk.cluster.journal) == steps
