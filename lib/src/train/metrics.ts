/**
 * One logged step. `step` counts updates done: step 0 is before the first. Losses are mean
 * cross-entropies in nats, accuracies fractions.
 */
export interface MetricsRow {
  readonly step: number;
  readonly trainLoss: number;
  readonly testLoss: number;
  readonly trainAccuracy: number;
  readonly testAccuracy: number;
}
