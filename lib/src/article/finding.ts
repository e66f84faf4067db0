/** Sentences about results: chosen by the measurement, never written before it. */

/**
 * What kind of statement a finding is. `behavior` says what the network answers (accuracy, loss);
 * `mechanism` says how it computes that, and must not hold for a network that learned nothing.
 */
export type FindingKind = "behavior" | "mechanism";

/** A sentence that depends on whether something was found. */
export interface Finding {
  /** Kebab-case, unique in the article. */
  readonly id: string;
  readonly kind: FindingKind;
  /** Undefined where the question cannot be asked; the text is then empty. */
  readonly holds: boolean | undefined;
  /** The sentence that is true. */
  readonly text: string;
}

/** Text in Markdown (`code`, *emphasis*, links), or a finding in its place. */
export type Sentence = string | Finding;

/**
 * A statement about what the network does. `yes` and `no` are both written; `no` must be the exact
 * negation ("less than half", not "nothing").
 */
export function behavior(id: string, holds: boolean | undefined, yes: string, no: string): Finding {
  return { id, kind: "behavior", holds, text: chosen(holds, yes, no) };
}

/** A statement about how the network works; otherwise as `behavior`. */
export function mechanism(
  id: string,
  holds: boolean | undefined,
  yes: string,
  no: string,
): Finding {
  return { id, kind: "mechanism", holds, text: chosen(holds, yes, no) };
}

function chosen(holds: boolean | undefined, yes: string, no: string): string {
  return holds === undefined ? "" : holds ? yes : no;
}

/**
 * A title that states a result where it holds, and otherwise, also where the question cannot be
 * asked, names its subject.
 */
export function headline(finding: Finding, subject: string): Finding {
  return finding.holds === true ? finding : { ...finding, text: subject };
}

/** A share above chance: 0 at chance, 1 when it is everything. */
export function aboveChance(share: number, chance: number): number {
  return (share - chance) / (1 - chance);
}

/** Whether a share is at least half of the way from chance to everything: the one rule for shares. */
export function isMost(share: number, chance: number): boolean {
  return aboveChance(share, chance) >= 0.5;
}
