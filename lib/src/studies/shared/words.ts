/** Numbers as a reader wants them in a sentence. */

/** Three significant digits; powers of ten beyond a thousandth. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return "none";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e5)) return value.toExponential(2);
  return String(Number(value.toPrecision(3)));
}

/** 12800 as "12,800". */
export function count(value: number): string {
  return value.toLocaleString("en-US");
}

/** A share as "97.3 %". */
export function percent(share: number): string {
  return `${Number((100 * share).toFixed(1))} %`;
}

/** "1, 2 and 3". */
export function list(values: readonly (number | string)[]): string {
  if (values.length === 0) return "none";
  if (values.length === 1) return String(values[0]);
  return `${values.slice(0, -1).join(", ")} and ${values.at(-1)}`;
}
