/** The names of the README's first example; everything else is under a subpath, e.g. `tinylens/analysis`. */

import "./core/runtime.ts";

export { init, type Tensor, tensor } from "./arrays/index.ts";
export { BitNetTransformer, HookedTransformer } from "./models/index.ts";
export { TorchGenerator } from "./rng/index.ts";
