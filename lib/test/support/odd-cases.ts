/** A module of cases that go wrong in each way that the harness of the campaigns must notice. */

import type { Case } from "../../../scripts/campaigns/harness.ts";

export function setup(settings: unknown): Case {
  const ways: readonly Case[] = [
    () => ({ kind: "read" }),
    () => ({ kind: "refused" }),
    () => ({ kind: "read", fault: "wrong number 7" }),
    () => {
      throw new TypeError("unforeseen");
    },
    () => {
      const end = process.threadCpuUsage().user + 250_000;
      while (process.threadCpuUsage().user < end);
      return { kind: "read" };
    },
    () => process.exit(3),
    () => new Promise<never>(() => setInterval(() => {}, 1000)),
    (_, g) => ({ kind: String(g.random() === settings) }),
  ];
  return (index, g) => (ways[index % ways.length] as Case)(index, g);
}
