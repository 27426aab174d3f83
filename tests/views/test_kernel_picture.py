"""The picture of one kernel shows the tables that the simulated kernel reads today."""

import html

import pytest

from kubesim.network.hooks import COURSES, Hook, Point
from kubesim.views.kernel_picture import PAGE, PICTURE, kernel_diagram, kernel_text, tables_at


def test_the_page_and_the_picture_say_what_the_tables_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == kernel_text(), "out of date: make pictures"
    alternative = html.escape(kernel_text(), quote=True)
    assert alternative in PICTURE.read_text(encoding="utf-8"), "out of date: make pictures"


def test_every_point_of_every_course_is_drawn() -> None:
    dot = kernel_diagram().dot
    for course, points in COURSES.items():
        assert all(f"{course.name}{position}" in dot for position in range(len(points)))


@pytest.mark.parametrize("hook", Hook)
def test_tables_stand_in_the_order_of_their_priorities(hook: Hook) -> None:
    numbers = [int(table.partition("(")[2].rstrip(")")) for table in tables_at(hook)]
    assert numbers == sorted(numbers)


def test_every_point_has_its_place() -> None:
    assert {point for points in COURSES.values() for point in points} == {*Hook, *Point}
