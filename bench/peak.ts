/** This machine's best float32 matrix products on the native back end, in GFLOP/s. */

import { availableParallelism } from "node:os";
import { measurePeak } from "tinylens/cli/bench";
import { nativeBackend } from "tinylens/compile";

const threads = [...new Set([1, availableParallelism()])];
const peak = await measurePeak(await nativeBackend(), () => performance.now(), threads);
console.log(JSON.stringify(peak));
