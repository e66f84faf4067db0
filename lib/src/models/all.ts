/** Every model, by its name in camelCase. */

export { bilinear } from "./bilinear/index.ts";
export { bitNetTransformer } from "./bitnet/index.ts";
export { hookedTransformer } from "./hooked-transformer/index.ts";
export { oneLayerMlp } from "./one-layer-mlp/index.ts";
