"""Golden numbers of NumPy's default_rng: raw draws and permutations.

    python lib/goldens/max_numpy.py > lib/src/rng/numpy.golden.json
"""

import hashlib
import json

import numpy as np

SEEDS = [0, 1, 123, 1914904320, 2**32 - 1, 2**32, 2**64 + 3, 2**128 + 2**97 + 5, 2**200 - 1]
SIZES = [0, 1, 2, 3, 10, 408, 4096]


def sha(array):
    return hashlib.sha256(array.astype("<i4").tobytes()).hexdigest()[:16]


def case(seed):
    bits = np.random.PCG64(seed)
    raw = [str(x) for x in bits.random_raw(4)]
    generator = np.random.default_rng(seed)
    permutations = []
    for size in SIZES:
        shuffled = np.arange(size)
        generator.shuffle(shuffled)
        permutations.append({"size": size, "head": shuffled[:5].tolist(), "sha": sha(shuffled)})
    for size in SIZES:
        array = generator.permutation(size)
        permutations.append({"size": size, "head": array[:5].tolist(), "sha": sha(array)})
    return {"seed": str(seed), "raw": raw, "permutations": permutations}


print(json.dumps({"numpy": np.__version__, "cases": [case(seed) for seed in SEEDS]}, indent=1))
