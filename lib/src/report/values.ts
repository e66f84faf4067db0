/** How numbers, times and claim values read. What gives HTML says so. */

import type { ClaimValue } from "../core/claim.ts";
import { type Html, type HtmlPart, html } from "./escape.ts";

/** Seven significant digits; `3.52 × 10⁻⁷` when very small or large; integers in groups of three. */
export function numberHtml(value: number): Html {
  if (!Number.isFinite(value)) return html`${value}`;
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e15)) return powerHtml(value);
  if (Number.isInteger(value)) return html`${signed(grouped(value))}`;
  return html`${signed(String(Number(value.toPrecision(7))))}`;
}

function powerHtml(value: number): Html {
  const [digits, exponent] = value.toExponential(6).split("e") as [string, string];
  return html`${signed(String(Number(digits)))} × 10<sup>${signed(String(Number(exponent)))}</sup>`;
}

function grouped(value: number): string {
  const text = String(value);
  return Math.abs(value) < 10_000 ? text : text.replaceAll(/\B(?=(\d{3})+$)/g, ",");
}

function signed(text: string): string {
  return text.replace(/^-/, "−");
}

/** A claim's number, word, list or yes/no; the exact value is the tooltip. */
export function valueHtml(value: ClaimValue): Html {
  return html`<span title="${JSON.stringify(value)}">${shown(value)}</span>`;
}

function shown(value: ClaimValue): HtmlPart {
  if (typeof value === "number") return numberHtml(value);
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (!Array.isArray(value)) return value;
  if (value.length === 0) return "none";
  const few = value.slice(0, 12).map((item, i) => [i > 0 && ", ", shown(item)]);
  return [few, value.length > few.length && `, … (${value.length})`];
}

/** "8.4 s", "3 min 20 s", "1 h 5 min". */
export function durationText(seconds: number): string {
  if (seconds < 60) return `${Number(seconds.toPrecision(2))} s`;
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  if (hours === 0) return `${minutes} min ${whole % 60} s`;
  return `${hours} h ${minutes} min`;
}

/** "21 November 2026" in UTC; the text itself when it is no date. */
export function dateText(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  return date.toLocaleDateString("en-GB", {
    day: "numeric",
    month: "long",
    year: "numeric",
    timeZone: "UTC",
  });
}
