/** Random numbers: PyTorch's CPU generator, NumPy's and Python's shuffles, number for number. */

import "../core/runtime.ts";

export { linearBiasInit, linearInit } from "./linear-init.ts";
export { md5 } from "./md5.ts";
export { NumpyGenerator } from "./numpy.ts";
export { pythonShuffle } from "./python.ts";
export { reseed } from "./reseed.ts";
export { TorchGenerator } from "./torch-generator.ts";
