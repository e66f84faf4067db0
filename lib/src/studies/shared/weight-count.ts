import { sizeOf } from "../../core/nd.ts";
import type { Model } from "../../models/model.ts";

/** How many weights a model has. */
export function weightCount<C>(model: Model<C>, config: C): number {
  return model.parameters(config).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}
