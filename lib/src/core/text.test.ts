import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InputError, MissingError, nearestNames, ShapeError, UnknownNameError } from "./errors.ts";
import { printable, printableJson, sentence, shown } from "./text.ts";

const hostile =
  "a\ntinylens: all is well\u001b[2J\u001b]0;owned\u0007\u009b1m\u202egnp\u2028\u200b\r\t";

/** What a terminal obeys or a reader cannot see. */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

describe("printable", () => {
  it("leaves alone what can be printed, backslashes and quotes included", () => {
    for (const text of ["blocks.0.attn.W_Q", "C:\\runs\\é 漢字 𝔘", '"quoted"', ""]) {
      expect(printable(text)).toBe(text);
    }
  });

  it("shows control characters, direction overrides and line breaks as escapes", () => {
    expect(printable("a\n\r\tb")).toBe("a\\n\\r\\tb");
    expect(printable("\u001b[2J\u202e\u2028\u{e0041}\ud800")).toBe(
      "\\u001b[2J\\u202e\\u2028\\udb40\\udc41\\ud800",
    );
  });

  it("keeps both ends of a long text", () => {
    const text = printable(`${"a".repeat(5_000_000)}z`);
    expect(text).toBe(`${"a".repeat(40)}…${"a".repeat(38)}z`);
    expect(printable("𝔘".repeat(200))).toBe(`${"𝔘".repeat(40)}…${"𝔘".repeat(39)}`);
  });

  it("is short and free of what cannot be seen, for any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        const made = printable(text);
        expect([...made].length).toBeLessThanOrEqual(80);
        expect(made).not.toMatch(unseen);
      }),
    );
  });
});

describe("shown", () => {
  const nested = (depth: number): unknown => {
    let value: unknown = 1;
    for (let i = 0; i < depth; i++) value = [value];
    return value;
  };

  it("quotes texts and spells plain data as JSON", () => {
    expect(shown("relu")).toBe('"relu"');
    expect(shown({ a: [1, "b", null], c: true })).toBe('{"a":[1,"b",null],"c":true}');
    expect([1.5, 2n, undefined, null, Symbol("s")].map((x) => shown(x))).toEqual([
      "1.5",
      "2",
      "undefined",
      "null",
      "Symbol(s)",
    ]);
    expect(shown([1, 2, 3, 4, 5, 6, 7, 8, 9])).toBe("[1,2,3,4,5,6,7,8,…]");
    expect([shown(new Map()), shown(() => 1)]).toEqual(["a Map", "a function"]);
  });

  it("never throws, whatever the value", () => {
    const thrower = {
      get [Symbol.toPrimitive]() {
        throw new Error("no");
      },
    };
    const proxy = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error("no");
        },
      },
    );
    expect(shown({ toString: 1 })).toBe('{"toString":1}');
    expect(shown(nested(200_000))).toBe("[[[…]]]");
    expect(shown(Object.create(null))).toBe("{}");
    expect(shown(proxy)).toBe("a value that cannot be shown");
    expect(() => shown(thrower)).not.toThrow();
  });

  it("is short and printable for any value", () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        const made = shown(value);
        expect([...made].length).toBeLessThanOrEqual(80);
        expect(made).not.toMatch(unseen);
      }),
    );
  });
});

describe("printableJson", () => {
  it("is the same value, with no character that a terminal obeys", () => {
    const value = { [hostile]: [hostile, 1, "\u{e0041}"] };
    const text = printableJson(value);
    expect(text).not.toMatch(unseen);
    expect(JSON.parse(text)).toEqual(value);
  });
});

describe("every sentence of an error", () => {
  it("is one printable line of a few hundred characters", () => {
    const long = "k".repeat(5_000_000);
    const errors = [
      new InputError(hostile),
      new InputError(`pt: ${long} contains itself`),
      new ShapeError(hostile, [1], [2]),
      new ShapeError("x", Array(1e6).fill(1), Array(1e6).fill(2)),
      new UnknownNameError("x", "weight", hostile, [hostile]),
      new UnknownNameError("x", "weight", long, [long]),
      new MissingError(hostile),
    ];
    for (const { message } of errors) {
      expect([...message].length).toBeLessThanOrEqual(400);
      expect(message).not.toMatch(unseen);
    }
    expect(errors[1]?.message).toMatch(/^pt: k+…k+ contains itself$/);
    expect(errors[5]?.message).toMatch(/^x: unknown weight "k+…k+"; did you mean k+…k+\?$/);
  });

  it("keeps a cause", () => {
    const cause = new Error("why");
    expect(new InputError("x", { cause }).cause).toBe(cause);
  });

  it("compares long names and many names in milliseconds", () => {
    const names = Array.from({ length: 1_000_000 }, (_, i) => `name${i}`);
    const begun = process.cpuUsage();
    expect(nearestNames("k".repeat(20_000_000), ["key"], 1)).toEqual(["key"]);
    expect(nearestNames("name7", names, 1)).toEqual(["name7"]);
    expect(process.cpuUsage(begun).user).toBeLessThan(2e6);
  });

  it("is what sentence makes of it", () => {
    expect(sentence("a\nb")).toBe("a\\nb");
  });
});
