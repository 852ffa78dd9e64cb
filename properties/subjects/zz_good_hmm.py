from dataclasses import replace
from ..mutants.hmm import good, good_likelihood, _smoother,_likelihood, scaled
SUBJECTS=(good, good_likelihood, replace(good,name="good32",dtype="float32"), replace(good_likelihood,name="good32",dtype="float32"), )
from ..mutants.baum_welch import good as gm
SUBJECTS+=(gm, replace(gm,name="good32",dtype="float32"))
