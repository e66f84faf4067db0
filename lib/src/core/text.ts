/**
 * Text that tinylens did not write (names in a file, values of options, paths) made fit for a sentence
 * or a terminal: short, on one line, with nothing in it that a terminal obeys or that cannot be seen.
 */

/** Longest text that a sentence repeats, in characters. */
const LONGEST_TEXT = 80;

/** Longest sentence, in characters. */
const LONGEST_SENTENCE = 400;

/** Deepest value, and most items of a list or object, that `shown` spells out. */
const DEEPEST = 3;
const MOST_ITEMS = 8;

/**
 * What cannot be printed as it is: control characters, line and paragraph separators, direction
 * overrides and other characters without a shape of their own, halves of surrogate pairs.
 */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

const shortEscapes: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/**
 * A text on one line of at most `limit` characters: what cannot be printed becomes an escape such as
 * `\n` or `\u001b`, and a longer text keeps its two ends.
 */
export function printable(text: string, limit: number = LONGEST_TEXT): string {
  const whole = text.length <= limit ? escaped(text) : undefined;
  if (whole !== undefined && whole.length <= limit) return whole;
  // An escape is never shorter than its character, so `limit` characters of each end are enough.
  const head = [...escaped(text.slice(0, limit))];
  const tail = [...escaped(text.slice(-limit))];
  const kept = limit - 1;
  return `${head.slice(0, Math.ceil(kept / 2)).join("")}…${tail.slice(tail.length - Math.floor(kept / 2)).join("")}`;
}

/** A whole sentence made printable; see `printable`. Every `InputError` goes through it. */
export function sentence(text: string): string {
  return printable(text, LONGEST_SENTENCE);
}

/**
 * Any value in at most `limit` characters: texts in quotes, lists and plain objects as JSON down to
 * three levels, other objects by their class. Never throws, whatever the value does when it is read.
 */
export function shown(value: unknown, limit: number = LONGEST_TEXT): string {
  if (typeof value === "string") return `"${printable(value, limit - 2)}"`;
  try {
    return printable(spelled(value, 0), limit);
  } catch {
    return "a value that cannot be shown";
  }
}

/** JSON on one line, with what cannot be printed as `\uXXXX`: the same value to every JSON reader. */
export function printableJson(
  value: unknown,
  replacer?: (key: string, value: unknown) => unknown,
): string {
  return JSON.stringify(value, replacer).replace(unprintable, codeUnits);
}

function escaped(text: string): string {
  return text.replace(unprintable, (character) => shortEscapes[character] ?? codeUnits(character));
}

/** `\u001b`; two of these for a character beyond the first 65,536. */
function codeUnits(character: string): string {
  return character
    .split("")
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");
}

function spelled(value: unknown, depth: number): string {
  if (typeof value === "string") return `"${printable(value)}"`;
  if (typeof value === "function") return "a function";
  if (typeof value !== "object" || value === null) return String(value);
  if (depth >= DEEPEST) return "…";
  if (Array.isArray(value)) {
    return `[${few(value.length, (i) => spelled(value[i], depth + 1))}]`;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return `a ${className(prototype)}`;
  const keys = Object.keys(value);
  const field = (i: number): string => {
    const key = keys[i] as string;
    return `"${printable(key)}":${spelled(Reflect.get(value, key), depth + 1)}`;
  };
  return `{${few(keys.length, field)}}`;
}

function few(length: number, item: (i: number) => string): string {
  const items = Array.from({ length: Math.min(length, MOST_ITEMS) }, (_, i) => item(i));
  return [...items, ...(length > MOST_ITEMS ? ["…"] : [])].join(",");
}

function className(prototype: unknown): string {
  const made: unknown = Reflect.get(Object(prototype), "constructor");
  return typeof made === "function" && typeof made.name === "string" && made.name !== ""
    ? made.name
    : "value of a class";
}
