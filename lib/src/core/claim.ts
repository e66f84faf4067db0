import type { Source } from "./source.ts";

/** What a claim states: a number, a truth value, a word or a list. */
export type ClaimValue = number | boolean | string | readonly number[] | readonly string[];

/**
 * Where the expected value comes from. `printed`: in the output of the notebook. `published`: in a
 * paper or a metrics file. `recomputed`: from an independent program in `lib/goldens`. `theorem`: it
 * follows from mathematics. `own`: our threshold, with its reason.
 */
export const claimKinds = ["printed", "published", "recomputed", "theorem", "own"] as const;
/** One of `claimKinds`. */
export type ClaimKind = (typeof claimKinds)[number];

/** A published number, the number measured here, and whether they agree. */
export interface Claim {
  /** Stable, kebab-case, unique in the study. */
  readonly id: string;
  readonly text: string;
  readonly source: Source & { readonly kind?: ClaimKind };
  readonly expected: ClaimValue;
  /** In words and numbers: "within 2e-6", "at least", "equal"; with the reason when it is a range. */
  readonly tolerance: string;
  /** Undefined while it cannot be measured: the training has not come to what is claimed. */
  readonly measured?: ClaimValue | undefined;
  /** Undefined while it cannot be judged. */
  readonly holds?: boolean | undefined;
}
