/** Formulas: TeX as MathML, which browsers set without a library. */

import temml from "temml";
import { InputError } from "../core/errors.ts";
import { Html, html } from "./escape.ts";

/** MathML of a formula. Throws `InputError` for TeX that cannot be read. */
export function mathml(tex: string, display: boolean): Html {
  try {
    const text = temml.renderToString(tex, { displayMode: display, throwOnError: true });
    // The content policy allows no styles in attributes; the style sheet has what they say.
    return new Html(text.replaceAll(/ style="[^"]*"/g, ""));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new InputError(`report: the formula ${tex} cannot be read: ${why}`, { cause });
  }
}

/** A formula in a line of text; text that is no TeX stays as it is, dollar signs included. */
export function inlineFormula(tex: string): Html {
  try {
    return mathml(tex, false);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return html`$${tex}$`;
  }
}

/** A formula on a line of its own. */
export function formulaHtml(tex: string): Html {
  return html`<div class="formula">${mathml(tex, true)}</div>`;
}
