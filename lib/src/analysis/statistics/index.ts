/** Statistics of measured effects, with the generator as an argument. */

import "../../core/runtime.ts";

export { type BootstrapOptions, bootstrapInterval, type Interval } from "./bootstrap.ts";
export { type PermutationOptions, permutationPValue } from "./permutation.ts";
