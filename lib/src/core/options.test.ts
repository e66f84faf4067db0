import { describe, expect, it } from "vitest";
import { InputError, UnknownNameError } from "./errors.ts";
import { checkOptions, type OptionNames } from "./options.ts";

interface Early {
  readonly stop: true;
  readonly names?: string;
}
interface Late {
  readonly stop?: false;
  readonly posSlice?: number;
}

/** Every name of both; leaving one out, or adding one, does not compile. */
const names: OptionNames<Early | Late> = { stop: true, names: true, posSlice: true };

describe("checkOptions", () => {
  const check = (options: unknown) => () => checkOptions("run", options as Late, names);

  it("accepts known options, and none", () => {
    expect(check(undefined)).not.toThrow();
    expect(check({})).not.toThrow();
    expect(check({ stop: true, posSlice: undefined })).not.toThrow();
  });

  it("names the nearest option for an unknown one, also one that is undefined", () => {
    expect(check({ names_filter: undefined })).toThrow(UnknownNameError);
    expect(check({ names_filter: "x" })).toThrow(
      'run: unknown option "names_filter"; did you mean names, posSlice, stop?',
    );
    expect(check({ toString: 1 })).toThrow('run: unknown option "toString"');
  });

  it.each([
    [3, "3"],
    ["loss", "loss"],
    [null, "null"],
    [[1], "a list"],
  ])("refuses %s in place of options", (options, got) => {
    expect(check(options)).toThrow(InputError);
    expect(check(options)).toThrow(
      `run: options must be an object such as { stop: … }, got ${got}`,
    );
  });
});
