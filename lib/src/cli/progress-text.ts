/** Where a run stands, in words. Pure: time is an argument. */

import type { MetricsRow } from "../train/index.ts";

/** What is known about the part of a run that is training. */
export interface Standing {
  readonly title: string;
  readonly step: number;
  readonly steps: number;
  /** Updates per second, or undefined before it can be told. */
  readonly rate: number | undefined;
  readonly row: MetricsRow | undefined;
}

/** One line of plain text. */
export function plainLine({ title, step, steps, rate, row }: Standing): string {
  const parts = [`${title}: step ${step} of ${steps}`, ...lossParts(row)];
  if (rate !== undefined) parts.push(`${rateText(rate)} steps/s`, timeLeft(step, steps, rate));
  return parts.join(", ");
}

/** The same with a bar, for a terminal `columns` wide. */
export function barLine(standing: Standing, columns: number): string {
  const { title, step, steps, rate, row } = standing;
  const share = steps === 0 ? 1 : step / steps;
  const parts = [`${step}/${steps}`, ...lossParts(row)];
  if (rate !== undefined) parts.push(`${rateText(rate)} steps/s`, timeLeft(step, steps, rate));
  const text = parts.join("  ");
  const width = Math.max(0, Math.min(30, columns - title.length - text.length - 5));
  const full = Math.round(share * width);
  const bar = width < 5 ? "" : `${"█".repeat(full)}${"░".repeat(width - full)}  `;
  return `${title}  ${bar}${text}`.slice(0, Math.max(20, columns - 1));
}

/** A time in words: seconds under two minutes, minutes under two hours, else hours. */
export function duration(seconds: number): string {
  if (seconds < 120) return `${Math.ceil(seconds)} s`;
  if (seconds < 7200) return `${Math.ceil(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

function lossParts(row: MetricsRow | undefined): string[] {
  if (row === undefined) return [];
  return [`train loss ${lossText(row.trainLoss)}`, `test loss ${lossText(row.testLoss)}`];
}

/** Three significant digits, with an exponent below a thousandth. */
export function lossText(loss: number): string {
  return loss !== 0 && Math.abs(loss) < 1e-3 ? loss.toExponential(2) : loss.toPrecision(3);
}

function rateText(rate: number): string {
  return rate >= 10 ? rate.toFixed(0) : rate.toPrecision(2);
}

function timeLeft(step: number, steps: number, rate: number): string {
  return `${duration((steps - step) / rate)} left`;
}
