import { InputError } from "../core/errors.ts";

/** Training cannot go on. The last good checkpoint stays where it is. */
export class TrainingError extends InputError {
  override readonly name = "TrainingError";
  /** Updates done when the loss was no longer a number. */
  readonly step: number;
  constructor(message: string, step: number) {
    super(message);
    this.step = step;
  }
}
