/** The order in which PyTorch's `DataLoader` shuffles. */

import { TorchGenerator } from "../rng/index.ts";
import type { TrainingPlan } from "./plan.ts";

/** The range of `torch.empty((), dtype=torch.int64).random_()`. */
const int64Range = 2n ** 63n;

/**
 * Passes of `DataLoader(…, shuffle=True)` without workers, from the global generator: each iteration
 * draws an int64 that nobody uses and one that seeds the generator of its `randperm`. `others` is
 * the number of further loaders, without shuffling, that are gone through after each pass: each
 * draws one int64. Source: PyTorch, torch/utils/data/dataloader.py and sampler.py.
 */
export function dataLoaderOrder(others: number): NonNullable<TrainingPlan["passOrder"]> {
  return (generator, count) => {
    generator.random64();
    const order = new TorchGenerator(generator.random64() % int64Range).randperm(count);
    for (let i = 0; i < others; i++) generator.random64();
    return order;
  };
}
