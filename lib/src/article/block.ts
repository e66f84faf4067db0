/** What an article is made of, in reading order. */

import type { ClaimValue } from "../core/claim.ts";
import { checkOptions } from "../core/options.ts";
import type { PlotlyFigure } from "../figures/figure.ts";
import { type JudgedClaim, judge, type Reference, type Rule } from "./claim.ts";
import type { Sentence } from "./finding.ts";

/** One row of a table: column name to cell text. */
export type TableRow = Readonly<Record<string, string>>;

/** A value of a field of a view. */
export type ViewValue = number | string;

/** One piece of an article. */
export type Block =
  /** The question and the answer, in one paragraph at the top. Once in an article. */
  | { readonly kind: "summary"; readonly text: readonly Sentence[] }
  | { readonly kind: "section"; readonly title: Sentence }
  /** One paragraph. */
  | { readonly kind: "prose"; readonly text: readonly Sentence[] }
  /** TeX, set on a line of its own. */
  | { readonly kind: "formula"; readonly tex: string }
  | {
      readonly kind: "figure";
      /** Letters, digits and "-", unique in the article: its anchor and the name of its files. */
      readonly id: string;
      readonly title: Sentence;
      /** One or two sentences: what to see, with the measured numbers in it. */
      readonly see: readonly Sentence[];
      readonly figure: PlotlyFigure;
      /** Shown closed, for readers who want more. */
      readonly folded: boolean;
    }
  | {
      readonly kind: "table";
      readonly id: string;
      readonly title: Sentence;
      readonly rows: readonly TableRow[];
    }
  | { readonly kind: "claim"; readonly claim: JudgedClaim }
  /** A part of the page for each value of a field of the view; a slider chooses. */
  | {
      readonly kind: "explore";
      /** Name of the field. */
      readonly field: string;
      readonly values: readonly ViewValue[];
      /** The one that is seen first. */
      readonly value: ViewValue;
      readonly section: (value: ViewValue) => Iterable<Block> | AsyncIterable<Block>;
    }
  /** Headline numbers by name, for `--json` and tables of runs. */
  | { readonly kind: "metrics"; readonly values: Readonly<Record<string, number>> };

/** The question and the answer, in one paragraph at the top. */
export function summary(...text: Sentence[]): Block {
  return { kind: "summary", text };
}

/** The heading of what follows. */
export function section(title: Sentence): Block {
  return { kind: "section", title };
}

/** A paragraph; its sentences are joined as they are. */
export function prose(...text: Sentence[]): Block {
  return { kind: "prose", text };
}

/** A formula in TeX on a line of its own; in prose, `$…$` sets one in the line. */
export function formula(tex: string): Block {
  return { kind: "formula", tex };
}

/**
 * What `section` yields (prose, formulas, figures, tables) for each of `values` of a field of the view;
 * the reader chooses with a slider. `value` is seen first: what the view asks for. The ids of figures
 * and tables get the value added, so they are the same in every part.
 */
export function explore<T extends ViewValue>(
  field: string,
  values: readonly T[],
  value: T,
  section: (value: T) => Iterable<Block> | AsyncIterable<Block>,
): Block {
  return { kind: "explore", field, values, value, section: section as never };
}

/** A figure with its title and caption. */
export function figure(
  id: string,
  title: Sentence,
  see: Sentence | readonly Sentence[],
  drawn: PlotlyFigure,
  options: { readonly folded?: boolean } = {},
): Block {
  checkOptions("figure", options, { folded: true });
  const { folded = false } = options;
  return { kind: "figure", id, title, see: [see].flat() as Sentence[], figure: drawn, folded };
}

/** A table whose columns are the keys of its first row. */
export function table(id: string, title: Sentence, rows: readonly TableRow[]): Block {
  return { kind: "table", id, title, rows };
}

/** A claim, judged; see `judge`. `measured` is undefined while it cannot be judged. */
export function claim(
  id: string,
  text: string,
  source: Reference,
  expected: ClaimValue,
  measured: ClaimValue | undefined,
  rule: Rule = "equal",
): Block {
  return { kind: "claim", claim: judge(id, text, source, expected, measured, rule) };
}

/** Headline numbers by name. */
export function metrics(values: Readonly<Record<string, number>>): Block {
  return { kind: "metrics", values };
}
