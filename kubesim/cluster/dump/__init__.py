"""A dump of a real cluster: read, taken as it is, and known for what it does not hold."""

from kubesim.cluster.dump.coverage import Coverage
from kubesim.cluster.dump.facts import Facts, facts_of
from kubesim.cluster.dump.filling import fill_from_dump
from kubesim.cluster.dump.reading import read_dump

__all__ = ["Coverage", "Facts", "facts_of", "fill_from_dump", "read_dump"]
