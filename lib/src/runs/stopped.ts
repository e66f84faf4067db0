/** The end of work that was asked to stop before it began. */

import { InputError } from "../core/errors.ts";

/** Thrown where a signal ends a wait; there is nothing to save then. The command line exits with code 130. */
export class StoppedError extends InputError {
  override readonly name = "StoppedError";
}
