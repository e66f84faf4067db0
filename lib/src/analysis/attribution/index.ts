/** Which parts of a model make its predictions. */

import "../../core/runtime.ts";

export {
  type AttributionOptions,
  type AttributionUnit,
  attributionUnits,
  type DirectLogitAttribution,
  directLogitAttribution,
} from "./direct-logit-attribution.ts";
export { type LogitLens, type LogitLensOptions, logitLens } from "./logit-lens.ts";
