/**
 * A strict reader of JSON text that keeps what `JSON.parse` loses: names that are given twice, and
 * whether a number is spelled as a whole number.
 */

import { InputError } from "../core/errors.ts";
import { shown } from "../core/text.ts";

/** Deepest nesting of values that nobody reads; serde_json's limit. */
const DEEPEST = 127;

const wholeNumber = /(?:0|[1-9][0-9]*)(?![0-9.eE])/y;
const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const space = /[ \t\n\r]*/y;

export class JsonScanner {
  private at = 0;
  private readonly what: string;
  private readonly text: string;

  /** `what` opens every message, e.g. "safetensors: the header". */
  constructor(what: string, text: string) {
    this.what = what;
    this.text = text;
  }

  /** The next character that is not white space, which stays the next; "" at the end. */
  peek(): string {
    this.match(space);
    return this.text.charAt(this.at);
  }

  /** Read an object: `field` is called with each name and must read the value. */
  object(field: (name: string) => void): void {
    this.items("{", "}", () => {
      const name = this.string();
      this.expect(":");
      field(name);
    });
  }

  /** Read a list: `item` must read the next value. */
  list(item: () => void): void {
    this.items("[", "]", item);
  }

  string(): string {
    this.expect('"');
    const start = this.at;
    let escaped = false;
    for (; ; this.at++) {
      const code = this.text.charCodeAt(this.at);
      if (code === 0x22) break;
      if (!(code >= 0x20)) throw this.unexpected("the end of a text");
      if (code === 0x5c) {
        escaped = true;
        this.at++;
      }
    }
    const raw = this.text.slice(start, this.at++);
    return escaped ? this.unescaped(raw) : raw;
  }

  /** A whole number that is not negative, or undefined, with nothing read, where another value stands. */
  whole(): number | undefined {
    this.match(space);
    const digits = this.match(wholeNumber);
    return digits === "" ? undefined : Number(digits);
  }

  /** Read null if it is next. */
  takeNull(): boolean {
    return this.peek() === "n" && this.literal("null");
  }

  /** Read any value and leave it. */
  skip(depth = 0): void {
    if (depth > DEEPEST) {
      throw new InputError(`${this.what} is nested more than ${DEEPEST} deep`);
    }
    const next = this.peek();
    if (next === "{") this.object(() => this.skip(depth + 1));
    else if (next === "[") this.list(() => this.skip(depth + 1));
    else if (next === '"') this.string();
    else if (!this.word() && this.match(number) === "") throw this.unexpected("a value");
  }

  /** Throws unless only white space is left. */
  end(): void {
    if (this.peek() !== "") throw this.unexpected("the end");
  }

  private items(open: string, close: string, item: () => void): void {
    this.expect(open);
    if (this.peek() !== close) {
      item();
      while (this.peek() === ",") {
        this.at++;
        item();
      }
    }
    this.expect(close);
  }

  private word(): boolean {
    return ["null", "true", "false"].some((word) => this.literal(word));
  }

  private literal(word: string): boolean {
    if (!this.text.startsWith(word, this.at)) return false;
    this.at += word.length;
    return true;
  }

  private expect(character: string): void {
    if (this.peek() !== character) throw this.unexpected(shown(character));
    this.at++;
  }

  private match(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0] ?? "";
    this.at += found.length;
    return found;
  }

  private unescaped(raw: string): string {
    try {
      const text = JSON.parse(`"${raw}"`) as string;
      if (text.isWellFormed()) return text;
    } catch {
      // Refused below, like half of a surrogate pair.
    }
    throw new InputError(`${this.what} is not JSON: the text ${shown(raw)} has a wrong escape`);
  }

  private unexpected(wanted: string): InputError {
    const next = this.text.charAt(this.at);
    const got = next === "" ? "the end of the text" : shown(next);
    return new InputError(
      `${this.what} is not JSON: expected ${wanted} at character ${this.at}, got ${got}`,
    );
  }
}

/** Throws `InputError` for JSON text with an object that names a field twice; `what` opens the message. */
export function requireUniqueNames(what: string, text: string): void {
  const scanner = new JsonScanner(what, text);
  const value = (depth: number): void => {
    if (depth > DEEPEST) throw new InputError(`${what} is nested more than ${DEEPEST} deep`);
    const next = scanner.peek();
    if (next === "[") scanner.list(() => value(depth + 1));
    else if (next === "{") fields(depth);
    else scanner.skip();
  };
  const fields = (depth: number): void => {
    const names = new Set<string>();
    scanner.object((name) => {
      if (names.has(name))
        throw new InputError(`${what} names ${shown(name)} twice; leave one out`);
      names.add(name);
      value(depth + 1);
    });
  };
  value(0);
  scanner.end();
}
