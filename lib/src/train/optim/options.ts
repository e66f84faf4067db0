import { z } from "zod";

/** Learning rate, per update. */
export const learningRate: z.ZodType<number> = z
  .number()
  .min(0)
  .meta({ description: "learning rate before the schedule" });

export const adamBetas: z.ZodType<readonly [number, number]> = z
  .tuple([z.number().min(0).lt(1), z.number().min(0).lt(1)])
  .default([0.9, 0.999])
  .meta({ description: "decay rates of the mean and the mean square of the gradient" });

export const adamEps: z.ZodType<number> = z
  .number()
  .min(0)
  .default(1e-8)
  .meta({ description: "added to the root of the mean square" });

/** Weight decay with PyTorch's default for the optimizer. */
export function weightDecay(description: string): z.ZodType<number> {
  return z.number().min(0).default(0).meta({ description });
}
