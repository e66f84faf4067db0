/** Random numbers: PyTorch's CPU generator and Python's shuffle, number for number. */

export { linearBiasInit, linearInit } from "./linear-init.ts";
export { pythonShuffle } from "./python.ts";
export { TorchGenerator } from "./torch-generator.ts";
