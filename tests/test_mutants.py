"""The list of mutants fits the code as it stands: each fault can be put in, at one place, and names tests that exist."""

import pytest

from tests.mutants.run import ROOT, Mutant, read_mutants

MUTANTS = read_mutants()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda one: f"{one.file}-{one.why}")
def test_a_mutant_fits_the_code(mutant: Mutant) -> None:
    assert (ROOT / mutant.file).read_text("utf-8").count(mutant.find) == 1
    assert mutant.replace != mutant.find
    files = [argument.split("::")[0] for argument in mutant.tests if argument.startswith("tests/")]
    assert files
    assert all((ROOT / file).exists() for file in files)


def test_no_fault_is_listed_twice() -> None:
    assert len({(one.file, one.find, one.replace) for one in MUTANTS}) == len(MUTANTS)
