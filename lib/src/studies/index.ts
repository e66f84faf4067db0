/** The studies of tinylens: what each trains, and its article. They run anywhere; see `runArticle` and `memoryLab`. */

import "../core/runtime.ts";

export * from "./all.ts";
