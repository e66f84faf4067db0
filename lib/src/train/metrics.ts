/** What is measured of a model. Losses are mean cross-entropies in nats, accuracies fractions. */
export interface Measurements {
  readonly trainLoss: number;
  readonly testLoss: number;
  readonly trainAccuracy: number;
  readonly testAccuracy: number;
  /** What the plan adds (`TrainingPlan.columns`). */
  readonly [column: string]: number;
}

/** One logged step. `step` counts updates done: step 0 is before the first. */
export interface MetricsRow extends Measurements {
  readonly step: number;
}
