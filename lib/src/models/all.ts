/** Every model, by its name in camelCase. */

export { bitNetTransformer } from "./bitnet/index.ts";
export { hookedTransformer } from "./hooked-transformer/index.ts";
