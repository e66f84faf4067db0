/** What a campaign is; each file beside this one exports one as `campaign`. */

/** How often each thing was tried or found; `faults` must be 0. */
export interface Counts {
  readonly faults: number;
  readonly [what: string]: number;
}

export interface Campaign {
  readonly name: string;
  /** One line: what it does and its options with their defaults. */
  readonly summary: string;
  /** Runs with the options of the command line; `log` takes one line for each fault found. */
  run(args: readonly string[], log: (line: string) => void): Promise<Counts>;
}
