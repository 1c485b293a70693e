"""The table of bad input on the package page: long, without a silent row, and it cannot hide one."""

import bad_input_table
import pytest


def test_the_table_is_long_and_every_row_is_a_clear_error(checked):
    rows = bad_input_table.table()
    assert len(rows) >= 300 and len({name for name, _, _ in rows}) >= 20
    for name, _, complaint in rows:
        kind, said, *_ = complaint.split(": ")
        assert kind in ("ValueError", "TypeError", "FloatingPointError", "SuspiciousInput") and said == name
    checked(rows_of_bad_input=len(rows))


def test_a_silent_row_stops_the_build(monkeypatch):
    monkeypatch.setattr(bad_input_table, "ROWS", [("relu", {"z": 1.0}, "")])
    with pytest.raises(ValueError, match="bad-input: relu accepted z = 1.0"):
        bad_input_table.table()
