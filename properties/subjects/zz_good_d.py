from dataclasses import replace
from ..mutants.divergence import good, _debias, _sharp
SUBJECTS=(good,replace(good,dtype="float32",name="good32"),replace(good,name="sharp",run=lambda *c:_debias(_sharp,*c),conventions={"kind":"sharp","clamp":"no"}))
