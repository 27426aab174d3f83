"""Where Python has less, as in a browser: no C in PyYAML, no pandas, no regex, no Graphviz, no clock of a thread."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent

CODE = """
import sys, time, importlib.abc

class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"pygraphviz", "pandas", "numpy", "ipywidgets", "regex"} or name == "yaml._yaml":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
del time.thread_time

from kubesim import Cluster, Terminal
from kubesim.notebook import exercise

cluster = Cluster()
terminal = Terminal(cluster)
print(terminal.screen('''kubectl run mynginx --image nginx
kubectl apply -f myservice.yaml
kubectl run client --image nginx
kubectl exec client -- curl -s myservice:8080 | grep -o '<title>.*</title>'
kubectl get svc myservice -o yaml | grep -A1 ports:'''), end="")
path = cluster.connect("pod/client", "http://myservice:8080")
print(path.outcome, path.diagram().text == str(path.diagram()), path.diagram().svg.startswith("<svg"))
print(path.endpoints().to_string(index=False))
lab = exercise("00-no-answer")
print(lab.solved, lab.check()._repr_html_().count("<td>") % 4)
"""

EXPECTED = """\
pod/mynginx created
service/myservice created
pod/client created
<title>Welcome to nginx!</title>
  ports:
  - port: 8080
delivered True True
Tables are shown as text: pandas cannot be fetched from Pyodide's host now.
endpoint  address        probability  outcome    client seen as  taken
mynginx   10.42.2.42:80  100 %        delivered  10.42.0.3       yes
False 0
"""


def test_the_chapter_and_an_exercise_come_up() -> None:
    environment = {"PATH": "/nowhere", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, cwd=ROOT, env=environment)
    assert (done.stdout, done.stderr) == (EXPECTED, "")
