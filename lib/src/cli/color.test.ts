import { expect, it } from "vitest";
import { hasColor } from "./color.ts";

const terminal = { isTTY: true, write: () => true };
const pipe = { write: () => true };

it.each([
  ["a terminal has colors", terminal, {}, false, true],
  ["a pipe has none", pipe, {}, false, false],
  ["a dumb terminal has none", terminal, { TERM: "dumb" }, false, false],
  ["NO_COLOR takes them away", terminal, { NO_COLOR: "1" }, false, false],
  ["an empty NO_COLOR says nothing", terminal, { NO_COLOR: "" }, false, true],
  ["FORCE_COLOR gives them to a pipe", pipe, { FORCE_COLOR: "1" }, false, true],
  ["and needs no value", pipe, { FORCE_COLOR: "" }, false, true],
  ["FORCE_COLOR=0 takes them away", terminal, { FORCE_COLOR: "0" }, false, false],
  ["FORCE_COLOR=false too", terminal, { FORCE_COLOR: "false" }, false, false],
  ["FORCE_COLOR comes before NO_COLOR", pipe, { FORCE_COLOR: "1", NO_COLOR: "1" }, false, true],
  ["--no-color comes first", terminal, { FORCE_COLOR: "1" }, true, false],
])("%s", (_, output, env, noColor, expected) => {
  expect(hasColor(output, { env, noColor })).toBe(expected);
});
