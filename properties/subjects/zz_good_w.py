import sys; sys.path.insert(0,"/work/main")
from properties.mutants.wasserstein import good, good_line, good_circle, good_bures, good_brenier
from dataclasses import replace
SUBJECTS=(good,good_line,good_circle,good_bures,good_brenier)+tuple(replace(g,dtype="float32",name="good32") for g in (good,good_line,good_circle,good_bures,good_brenier))
