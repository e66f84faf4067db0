"""Golden element orders, cycle notations and multiplication of permutation groups, from SymPy.

    python lib/goldens/groups.py > lib/src/groups/groups.golden.json

A long list is stored as the head of a SHA-256 of its JSON without spaces.
"""

import hashlib
import json

from sympy.combinatorics import Permutation, PermutationGroup
from sympy.combinatorics.named_groups import AlternatingGroup, SymmetricGroup


def sha(value):
    return hashlib.sha256(json.dumps(value, separators=(",", ":")).encode()).hexdigest()[:16]


def products(group, elements):
    """Indices of elements[i] * elements[j], i from 0 to 6 and every j: first i, then j."""
    index = {tuple(e.array_form): i for i, e in enumerate(elements)}
    return [[index[tuple((a * b).array_form)] for b in elements] for a in elements[:7]]


def case(group):
    """The order of the notebook's `group._elements`, which older releases of SymPy fill this way."""
    elements = list(group.generate_schreier_sims())
    arrays = [e.array_form for e in elements]
    classes = group.conjugacy_classes()
    out = {
        "order": len(elements),
        "first": arrays[:30],
        "elements": sha(arrays),
        "notation": sha([str(e) for e in elements]),
        "signatures": sha([e.signature() for e in elements]),
        "orders": sha([int(e.order()) for e in elements]),
        "products": sha(products(group, elements)),
        "classSizes": sorted(len(c) for c in classes),
    }
    return out


A5 = PermutationGroup(Permutation(0, 1, 2, 3, 4), Permutation(1, 2)(3, 4))
groups = {f"S{n}": SymmetricGroup(n) for n in range(2, 7)}
groups |= {"A3": AlternatingGroup(3), "A4": AlternatingGroup(4), "A5": A5, "A6": AlternatingGroup(6)}
print(json.dumps({name: case(group) for name, group in groups.items()}, separators=(",", ":")))
