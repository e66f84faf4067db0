/** The content policy of a report: what a browser may run and load while the page is open. */

import { gunzipSync } from "fflate";
import { base64 } from "./escape.ts";
import { sha256 } from "./sha256.ts";

/**
 * The policy of a page with these style sheets and scripts: they are named by their hashes, so nothing
 * else that finds its way into the page is run or applied, and nothing is loaded but pictures made in
 * the page itself.
 */
export function contentPolicy(styles: readonly string[], scripts: readonly string[]): string {
  return [
    "default-src 'none'",
    `script-src ${scripts.join(" ")}`,
    `style-src ${styles.join(" ")}`,
    "img-src data: blob:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}

/** The text of an inline script or style sheet as a policy names it: `'sha256-…'`. */
export function sourceHash(text: string): string {
  return bytesHash(new TextEncoder().encode(text));
}

/** The same of the Plotly bundle, plain or gzip-compressed; remembered, for it is large. */
export function bundleHash(plotly: Uint8Array): string {
  const known = bundles.get(plotly);
  if (known !== undefined) return known;
  const isGzip = plotly[0] === 0x1f && plotly[1] === 0x8b;
  const hash = bytesHash(isGzip ? gunzipSync(plotly) : plotly);
  bundles.set(plotly, hash);
  return hash;
}

const bundles = new WeakMap<Uint8Array, string>();

function bytesHash(bytes: Uint8Array): string {
  return `'sha256-${base64(sha256(bytes))}'`;
}
