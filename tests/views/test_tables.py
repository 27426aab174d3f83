"""What kubectl prints as a table, as a frame."""

import pytest

from kubesim.views.tables import frame_of_text

PODS = """\
NAME      READY   STATUS             RESTARTS     AGE   IP           NODE     NOMINATED NODE   READINESS GATES
mynginx   1/1     Running            0            3s    10.42.2.42   worker   <none>           <none>
call      0/1     CrashLoopBackOff   1 (1s ago)   3s    10.42.0.4    master   <none>           <none>
"""


def test_columns_and_cells_are_those_that_were_printed() -> None:
    table = frame_of_text(PODS)
    assert table is not None
    assert table.columns.tolist()[-2:] == ["NOMINATED NODE", "READINESS GATES"]
    assert table["RESTARTS"].tolist() == ["0", "1 (1s ago)"]
    assert table.iloc[0].tolist() == [
        "mynginx", "1/1", "Running", "0", "3s", "10.42.2.42", "worker", "<none>", "<none>",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["", "No resources found", "apiVersion: v1\nkind: Pod\n", f"{PODS}\n{PODS}"])
def test_other_text_is_not_a_table(text: str) -> None:
    assert frame_of_text(text) is None
