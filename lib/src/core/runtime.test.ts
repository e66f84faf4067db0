import { describe, expect, it } from "vitest";
import { MissingError } from "./errors.ts";
import { requireEngine } from "./runtime.ts";

describe("requireEngine", () => {
  it("accepts the engine that runs this test", () => {
    expect(() => requireEngine(globalThis)).not.toThrow();
  });

  it("refuses an older Node in one sentence", () => {
    const old = () => requireEngine({ process: { versions: { node: "22.18.0" } } });
    expect(old).toThrow(MissingError);
    expect(old).toThrow("tinylens: needs Node 24 or later, this is 22.18.0");
  });

  it("says to a browser what it lacks", () => {
    expect(() => requireEngine({})).toThrow(
      "tinylens: needs a browser with Float16Array: Chrome 135, Firefox 129, Safari 18.2, or later",
    );
  });
});
