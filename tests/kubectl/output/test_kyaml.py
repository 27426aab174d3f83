from __future__ import annotations

import yaml
from hypothesis import given
from hypothesis import strategies as st

from kubesim.kubectl.output.kyaml import dump

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("abyn0 :é#", max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abyn:", min_size=1, max_size=4), inner, max_size=3)
    ),
    max_leaves=10,
)


def test_layout() -> None:
    text = dump({"kind": "Pod", "ports": [{"port": 80}, {"port": 81}], "no": "yes", "args": ["a"]})
    assert text == (
        '---\n{\n  args: [\n    "a",\n  ],\n  kind: "Pod",\n  "no": "yes",\n'
        "  ports: [{\n    port: 80,\n  }, {\n    port: 81,\n  }],\n}\n"
    )


@given(VALUES)
def test_it_is_yaml(value: object) -> None:
    assert yaml.safe_load(dump(value)) == value
