/** Numbers as a reader wants them in a sentence. */

const superscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** Three significant digits; below a thousandth and from 100,000 on as "1.23 × 10⁻⁴"; "no number" for NaN. */
export function number(value: number): string {
  if (Number.isNaN(value)) return "no number";
  if (!Number.isFinite(value)) return value > 0 ? "infinity" : "minus infinity";
  const size = Math.abs(value);
  if (size === 0 || (size >= 1e-3 && size < 1e5))
    return minus(String(Number(value.toPrecision(3))));
  const [digits = "", exponent = "0"] = value.toExponential(2).split("e");
  return minus(`${Number(digits)} × 10${raised(Number(exponent))}`);
}

function raised(exponent: number): string {
  const digits = [...String(Math.abs(exponent))].map((digit) => superscripts[Number(digit)]);
  return `${exponent < 0 ? "⁻" : ""}${digits.join("")}`;
}

function minus(text: string): string {
  return text.replace("-", "−");
}

/** 12800 as "12,800". */
export function count(value: number): string {
  return value.toLocaleString("en-US");
}

/**
 * A share as "97.3 %". Never "0 %" for something or "100 %" for less than all: these are given with as
 * many digits as it takes, up to a millionth.
 */
export function percent(share: number): string {
  if (!Number.isFinite(share)) return "no share";
  const hundred = 100 * share;
  for (const digits of [1, 2, 3, 4]) {
    const text = hundred.toFixed(digits);
    const shown = Number(text);
    const whole = shown === 0 || shown === 100;
    if (!whole || shown === hundred) return `${minus(String(shown))} %`;
  }
  return share < 0.5 ? "less than 0.0001 %" : "more than 99.9999 %";
}

/** "1, 2 and 3"; "none" for an empty list. */
export function list(values: readonly (number | string)[]): string {
  if (values.length === 0) return "none";
  if (values.length === 1) return String(values[0]);
  return `${values.slice(0, -1).join(", ")} and ${values.at(-1)}`;
}

/** "1 head", "3 heads"; `many` for irregular plurals. */
export function plural(value: number, one: string, many: string = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}
