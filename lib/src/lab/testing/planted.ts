/** A lab with a wrong measurement in it: does the article notice? */

import type { Lab, Snapshot } from "../study.ts";

/** The same lab, where the measurement `name` gives what `change` makes of its value. */
export function planted(lab: Lab, name: string, change: (value: never) => unknown): Lab {
  const changed = (snapshot: Snapshot): Snapshot => ({
    ...snapshot,
    async measure(f, ...args) {
      const value = await snapshot.measure(f, ...args);
      return f.name === name ? (change(structuredClone(value) as never) as typeof value) : value;
    },
  });
  return {
    ...lab,
    async training(which) {
      const training = await lab.training(which);
      return { ...training, at: (step) => changed(training.at(step)) };
    },
    async published(which, config) {
      const snapshot = await lab.published(which, config);
      return snapshot && changed(snapshot);
    },
  };
}
