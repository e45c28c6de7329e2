"""Jobs in worker processes: the same results as in one process, and errors as they are."""

from __future__ import annotations

import os
import pickle

import pytest

from eda_router.errors import InputError
from eda_router.jobs import Workers, run_jobs


def where(number: int) -> tuple[int, int]:
    return number * number, os.getpid()


def refuse(number: int) -> int:
    if number == 1:
        raise InputError("a.def", 7, "no die", "DIEAREA")
    return number


@pytest.mark.parametrize("workers", [1, 2, 9])
def test_every_job_is_done_once(workers: int) -> None:
    done = dict(run_jobs(where, [(number,) for number in range(5)], Workers(workers)))
    assert {number: result for number, (result, _) in done.items()} == {
        number: number * number for number in range(5)
    }
    elsewhere = {process for _, process in done.values()} - {os.getpid()}
    assert bool(elsewhere) == (workers > 1)


@pytest.mark.parametrize("workers", [1, 2])
def test_the_error_of_a_job_arrives_as_it_is(workers: int) -> None:
    with pytest.raises(InputError) as caught:
        list(run_jobs(refuse, [(1,), (2,)], Workers(workers)))
    assert str(caught.value) == "a.def:7: no die, expected DIEAREA"
    assert (caught.value.path, caught.value.line) == ("a.def", 7)


def test_an_input_error_can_be_handed_over() -> None:
    error = pickle.loads(pickle.dumps(InputError(None, None, "option x", "y")))
    assert str(error) == "option x, expected y"
    assert error.path is None


def test_no_jobs_are_done_at_once() -> None:
    assert list(run_jobs(refuse, [], Workers(4))) == []
