/** What a proof costs: arithmetic done, counted where it is done. */

/** Counts floating-point operations: + - × ÷, comparisons and exponentials, one each. */
export interface Work {
  readonly flop: number;
  count(operations: number): void;
}

/** A counter at `start`. */
export function work(start = 0): Work {
  let flop = start;
  return {
    get flop() {
      return flop;
    },
    count(operations) {
      flop += operations;
    },
  };
}
