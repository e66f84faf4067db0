/** What trained models compute: functions of logits, activations and weights, in namespaces by topic. */

import "../core/runtime.ts";

export * as ablation from "./ablation/index.ts";
export * as attribution from "./attribution/index.ts";
export * as composition from "./composition/index.ts";
export * as fourier from "./fourier/index.ts";
export * as headDetector from "./head-detector/index.ts";
export * as linalg from "./linalg/index.ts";
export * as losses from "./losses/index.ts";
export * as patching from "./patching/index.ts";
export * as patterns from "./patterns/index.ts";
export * as progress from "./progress/index.ts";
export * as proofs from "./proofs/index.ts";
export * as statistics from "./statistics/index.ts";
export * as svdInterpreter from "./svd-interpreter/index.ts";
export * as transformerlens from "./transformerlens/index.ts";
