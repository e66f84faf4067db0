/** Every model, by its name in camelCase. */

export { hookedTransformer } from "./hooked-transformer/index.ts";
