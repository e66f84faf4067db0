import { sqrt, type Tensor } from "../../arrays/index.ts";
import type { Moments, Scalars, ScalarTensors } from "./optimizer.ts";

/** Decay rates of the two moments and the number that keeps the division finite. */
export interface AdamNumbers {
  readonly betas: readonly [number, number];
  readonly eps: number;
}

export const adamMoments = ["exp_avg", "exp_avg_sq"] as const;

/**
 * Scalars of Adam's update. With c_i = 1 - beta_i^t, the step
 * lr / c_1 * m / (sqrt(v) / sqrt(c_2) + eps) is rate * m / (sqrt(v) + floor) with
 * rate = lr * sqrt(c_2) / c_1 and floor = eps * sqrt(c_2).
 */
export function adamScalars({ betas, eps }: AdamNumbers, update: number, lr: number): Scalars {
  const first = 1 - betas[0] ** update;
  const second = Math.sqrt(1 - betas[1] ** update);
  return { rate: (lr * second) / first, floor: eps * second };
}

/** What Adam subtracts from a weight, and the new moments (Kingma & Ba 2015, algorithm 1). */
export function adamDirection(
  { betas }: AdamNumbers,
  gradient: Tensor,
  moments: Moments,
  scalars: ScalarTensors,
): { readonly change: Tensor; readonly moments: Moments } {
  const mean = (moments.exp_avg as Tensor).mul(betas[0]).add(gradient.mul(1 - betas[0]));
  const square = (moments.exp_avg_sq as Tensor)
    .mul(betas[1])
    .add(gradient.mul(gradient).mul(1 - betas[1]));
  const change = mean.mul(scalars.rate as Tensor).div(sqrt(square).add(scalars.floor as Tensor));
  return { change, moments: { exp_avg: mean, exp_avg_sq: square } };
}
