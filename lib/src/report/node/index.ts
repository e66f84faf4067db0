/** Node only: the Plotly bundle that `renderReport` puts into the page. */

import "../../core/runtime.ts";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";
import { MissingError } from "../../core/errors.ts";

/** plotly.js-cartesian-dist-min from node_modules, gzip-compressed. Throws `MissingError`. */
export function plotlyBundle(): Uint8Array {
  const name = "plotly.js-cartesian-dist-min";
  try {
    const path = createRequire(import.meta.url).resolve(name);
    return gzipSync(readFileSync(path), { level: 9 });
  } catch (cause) {
    throw new MissingError(`report: needs ${name}; install it with npm install ${name}`, { cause });
  }
}
