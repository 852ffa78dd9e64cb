from dataclasses import replace

from ..mutants.hmm import good, good_likelihood

SUBJECTS = (
    good,
    good_likelihood,
    replace(good, name="good32", dtype="float32"),
    replace(good_likelihood, name="good32", dtype="float32"),
)
from ..mutants.baum_welch import good as gm

SUBJECTS += (gm, replace(gm, name="good32", dtype="float32"))
from ..mutants.hmm_em import GOOD

SUBJECTS = (*GOOD, *(replace(g, name="good32", dtype="float32") for g in GOOD))
