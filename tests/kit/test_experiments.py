"""Every ready day's experiment runs from end to end: quickly, on the tiny model, with the reference."""

from xml.etree import ElementTree

import pytest

from tiny_batch_kit.course.syllabus import load_course
from tiny_batch_kit.model.checkpoints import load_checkpoint
from tiny_batch_kit.shows import experiments

pytestmark = pytest.mark.usefixtures("reference")


@pytest.mark.parametrize(("day", "part"), [*((day.number, "") for day in load_course().ready), (14, "load")])
def test_the_experiment_of_a_day_runs(day, part, tmp_path):
    said: list[str] = []
    found = experiments.find(day, part).run(
        load_checkpoint("tiny-random"), True, lambda message, part=None: said.append(message)
    )
    assert said
    assert found.rows
    assert all(len(row) == len(found.columns) for row in found.rows)
    saved = experiments.save(found, day, tmp_path, part)
    root = ElementTree.parse(saved.svg).getroot()
    assert root.get("role") == "img"
    assert root.find("{http://www.w3.org/2000/svg}desc").text.strip()
