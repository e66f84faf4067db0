/** Labeled lines across the axes: references and markers, whose labels do not overlap. */

import { baseHeight, type Json } from "./figure-parts.ts";
import { type AxisContent, hasPlace, type Mark } from "./log-axis.ts";
import { extentOf } from "./numbers.ts";
import { plain, readableText } from "./text.ts";

/** The lines of one pair of axes: references are marks of `y`, markers are marks of `x`. */
export interface Rules {
  readonly x: AxisContent;
  readonly y: AxisContent;
  /** Pixels of the whole figure. */
  readonly height: number;
}

/** Pixels from one row of marker labels to the next. */
const rowHeight = 17;

/** Pixels of the drawing area on the narrowest page, a phone's, for which labels are placed. */
const narrowest = 290;

/** Mean width of a letter of a label, in pixels. */
const letterWidth = 6.4;

/** Dashed horizontal lines at the references, then dotted vertical ones at the markers, labels above. */
export function ruleShapes(rules: Rules): Json[] {
  const { x, y } = rules;
  const places = { ...placesOf(rules, "y", y.log), ...placesOf(rules, "x", x.log) };
  const shapes = [
    ...y.marks.map(({ value, label }) => ({
      ...line("dash"),
      xref: "x domain",
      yref: "y",
      x0: 0,
      x1: 1,
      y0: value,
      y1: value,
      ...labelOf(label, { yanchor: "bottom" }),
    })),
    ...x.marks.map(({ value, label }) => ({
      ...line("dot"),
      xref: "x",
      yref: "y domain",
      x0: value,
      x1: value,
      y0: 0,
      ...labelOf(label, { textposition: "end", yanchor: "bottom", padding: 1 }),
    })),
  ];
  return shapes.map((shape: Json, i) => {
    const { own, label } = places[i] as Place;
    return { ...shape, ...own, ...(shape.label ? { label: { ...shape.label, ...label } } : {}) };
  });
}

/** What a change of scale changes in the shapes, as paths into the layout. */
export function ruleChanges(rules: Rules, letter: "x" | "y", log: boolean): Json {
  const [now, then] = [placesOf(rules, letter, log), placesOf(rules, letter, !log)];
  const changes = Object.entries(now).flatMap(([i, place]) => {
    const [to, from] = [pathsOf(place), pathsOf(then[Number(i)] as Place)];
    return Object.entries(to)
      .filter(([path, value]) => from[path] !== value)
      .map(([path, value]) => [`shapes[${i}].${path}`, value] as const);
  });
  return Object.fromEntries(changes);
}

/** The share of the height that a figure's axes leave to the labels of its markers. */
export function labelRoom(rules: Rules): number {
  const { x } = rules;
  if (!x.marks.some(({ label }) => label !== undefined)) return 0;
  const rows = [true, false].map((log) => Math.max(...markerPlaces(x, log).map(({ row }) => row)));
  return ((Math.max(...rows) + 1) * rowHeight) / baseHeight(rules.height);
}

/** Attributes of a shape, and of its label when it has one, that depend on the scale of its axis. */
interface Place {
  readonly own: Json;
  readonly label: Json;
}

function pathsOf({ own, label }: Place): Json {
  const inner = Object.entries(label).map(([key, value]) => [`label.${key}`, value]);
  return { ...own, ...Object.fromEntries(inner) };
}

/** By the index of the shape: the marks of y come first. */
function placesOf(rules: Rules, letter: "x" | "y", log: boolean): Readonly<Record<number, Place>> {
  const { x, y, height } = rules;
  if (letter === "y") {
    const ends = referenceEnds(y, log, baseHeight(height));
    return Object.fromEntries(
      y.marks.map((mark, i) => [i, referencePlace(mark, ends[i] as End, log)]),
    );
  }
  const room = labelRoom(rules);
  const step = rowHeight / baseHeight(height) / (1 - room);
  const places = markerPlaces(x, log).map(({ row, anchor }, i): [number, Place] => {
    const own = { visible: hasPlace(x.marks[i] as Mark, log), y1: 1 + row * step };
    const hasLabel = x.marks[i]?.label !== undefined;
    return [y.marks.length + i, { own, label: hasLabel ? { xanchor: anchor } : {} }];
  });
  return Object.fromEntries(places);
}

function referencePlace(mark: Mark, end: End, log: boolean): Place {
  const label = mark.label === undefined ? {} : { textposition: end, xanchor: anchors[end] };
  return { own: { visible: hasPlace(mark, log) }, label };
}

type End = keyof typeof anchors;

const anchors = { end: "right", start: "left", middle: "center" } as const;

/** Where along its line each reference has its label: at the right end, unless one near is there. */
function referenceEnds(y: AxisContent, log: boolean, height: number): End[] {
  const at = shares(y, log);
  const taken: { readonly end: End; readonly at: number }[] = [];
  return y.marks.map((mark, i) => {
    const here = at[i] as number;
    const free = (["end", "start", "middle"] as const).find((end) =>
      taken.every((other) => other.end !== end || Math.abs(other.at - here) * height > rowHeight),
    );
    const end = free ?? "end";
    if (mark.label !== undefined && hasPlace(mark, log)) taken.push({ end, at: here });
    return end;
  });
}

interface MarkerPlace {
  /** Row of the label above the axes, from 0. */
  readonly row: number;
  /** The side of the label that is at the line. */
  readonly anchor: "left" | "center" | "right";
}

/** Each label goes into the lowest row where it meets no other, on the narrowest page. */
function markerPlaces(x: AxisContent, log: boolean): MarkerPlace[] {
  const at = shares(x, log);
  const rows: (readonly [number, number])[][] = [];
  const places: MarkerPlace[] = x.marks.map(() => ({ row: 0, anchor: "center" }));
  const order = [...x.marks.keys()].sort((i, j) => (at[i] as number) - (at[j] as number));
  for (const i of order) {
    const { label, value } = x.marks[i] as Mark;
    if (label === undefined || !hasPlace({ value }, log)) continue;
    const anchor = anchorAt(at[i] as number);
    const width = readableText(plain(label)).length * letterWidth + 8;
    const left = (at[i] as number) * narrowest - width * { left: 0, center: 0.5, right: 1 }[anchor];
    const span = [left, left + width] as const;
    const free = rows.findIndex((row) => row.every(([l, r]) => r <= span[0] || l >= span[1]));
    const row = free < 0 ? rows.push([]) - 1 : free;
    rows[row]?.push(span);
    places[i] = { row, anchor };
  }
  return places;
}

/** Places of the marks from 0 at the low end of the axis to 1; on a page, Plotly pads a little. */
function shares({ values, marks }: AxisContent, log: boolean): number[] {
  const scaled = (list: ArrayLike<number>) => (log ? Array.from(list, Math.log10) : list);
  const own = scaled(marks.map(({ value }) => value));
  const [low, high] = extentOf([...values.map(scaled), own]) ?? [0, 0];
  return Array.from(own, (value) => (high > low ? (value - low) / (high - low) : 0.5));
}

/** A label near either end of the axis stands inside, where Plotly does not cut it off. */
function anchorAt(share: number): MarkerPlace["anchor"] {
  if (share < 0.1) return "left";
  return share > 0.9 ? "right" : "center";
}

function line(dash: "dash" | "dot"): Json {
  return { type: "line", opacity: 0.7, line: { width: 1.25, dash } };
}

function labelOf(text: Mark["label"], place: Json): Json {
  if (text === undefined) return {};
  return { label: { text: plain(text), textangle: 0, padding: 4, font: { size: 12 }, ...place } };
}
