/** A slider and the parts of the page that it chooses from. */

import type { PageItem } from "../article/index.ts";
import { type Html, html, lines } from "./escape.ts";

/** HTML of the parts, all but the first hidden; the page's script moves between them. */
export function exploreHtml(
  { field, first, parts }: Extract<PageItem, { readonly kind: "explore" }>,
  itemHtml: (item: PageItem) => Html,
): Html {
  const at = Math.max(
    0,
    parts.findIndex(({ value }) => value === first),
  );
  const shown = parts.map(
    ({ value, items }, i) => html`<div data-value="${value}"${i !== at && html` hidden`}>
${lines(items.map(itemHtml))}
</div>`,
  );
  return html`<div class="explore">
<div class="controls"><label>${field} <input type="range" min="0" max="${parts.length - 1}" value="${at}" aria-valuetext="${first}" autocomplete="off"></label><output>${first}</output></div>
${lines(shown)}
</div>`;
}
