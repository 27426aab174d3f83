"""The chapter in a browser's Python; ``test_chapter.py`` runs this there."""

import sys

from kubesim import Cluster, Terminal
from kubesim.notebook import exercise

cluster = Cluster()
terminal = Terminal(cluster)
print(
    terminal.screen("""kubectl run mynginx --image nginx
kubectl apply -f myservice.yaml
kubectl run client --image nginx
kubectl exec client -- curl -s myservice:8080 | grep -o '<title>.*</title>'
kubectl get svc myservice -o yaml | sed -n '/ports:/,/port:/p'
kubectl run other --image=nginx; until kubectl get pod other | grep -q Running; do :; done; echo it runs
echo "$PATH" | awk -F: '{print $1}'"""),
    end="",
)
path = cluster.connect("pod/client", "http://myservice:8080")
print(path.outcome, "DNAT 10.43.113.175:8080" in str(path))
for picture in (path.diagram(), cluster.diagram()):
    print(picture.svg.count('<g class="node">'), 'aria-label="' in picture.svg, "<img" in picture.html)
print(exercise("00-no-answer").solved, Cluster.__module__, sys.platform)
print(sorted({"pandas", "numpy", "regex", "pygraphviz", "yaml._yaml"} & set(sys.modules)))
