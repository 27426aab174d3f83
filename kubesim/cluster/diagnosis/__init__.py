"""Why a request does not get there: findings with their evidence, and the smallest change that mends it.

:func:`diagnose` looks at what a packet met (its traces) and at the objects behind it. It says nothing that it cannot
    show: each finding names the object, the field and the value, or the rule, that it rests on.
"""

from kubesim.cluster.diagnosis.catalogue import RULES
from kubesim.cluster.diagnosis.diagnose import diagnose
from kubesim.cluster.diagnosis.finding import Diagnosis, Evidence, Finding, Mend, Verdict
from kubesim.cluster.diagnosis.question import Objects, Question

__all__ = ["RULES", "Diagnosis", "Evidence", "Finding", "Mend", "Objects", "Question", "Verdict", "diagnose"]
