from dataclasses import replace
from ..mutants.sinkhorn import good, good_sweep
SUBJECTS=(good,good_sweep,replace(good,dtype="float32",name="good32",accuracy=1e-5),replace(good_sweep,dtype="float32",name="good32"))
