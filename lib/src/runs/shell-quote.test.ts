import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { shellQuote } from "./shell-quote.ts";

describe("shellQuote", () => {
  it.each([
    ["p=113", "p=113"],
    ["seeds=1,2", "seeds=1,2"],
    ["", "''"],
    ["a b", "'a b'"],
    ["it's", String.raw`'it'\''s'`],
    ["$(touch x);`id`", "'$(touch x);`id`'"],
    ["~", "'~'"],
    ["a\nb", String.raw`$'a\u000ab'`],
    ["\u001b[2J'\\", String.raw`$'\u001b[2J\'\\'`],
    ["\u202e", String.raw`$'\u202e'`],
  ])("%j is %s", (text, quoted) => {
    expect(shellQuote(text)).toBe(quoted);
  });

  it.skipIf(spawnSync("bash", ["--version"]).status !== 0)(
    "is read back by bash as it was (skipped where there is no bash)",
    () => {
      const texts = ["$(id)", "a'b\"c", "`id`;|&<>*?[]{}!#~", "\u001b[2J\n\t\u{1f600}", "-x", "ü"];
      const command = `printf '%s\\0' ${texts.map(shellQuote).join(" ")}`;
      const env = { ...process.env, LC_ALL: "C.UTF-8" };
      const { stdout } = spawnSync("bash", ["-c", command], { encoding: "utf8", env });
      expect(stdout.split("\0").slice(0, -1)).toEqual(texts);
    },
  );
});
