/** Limits on the memory that reading a file may take. */

import { InputError } from "../core/errors.ts";

/** Limits of what reading a file may cost. */
export interface ReadOptions {
  /**
   * Most bytes that the decoded arrays may take together. Default: 64 MiB plus 32 times the size of
   * the file, so that a small file cannot ask for a large memory.
   */
  readonly maxBytes?: number;
}

const BASE = 64 * 2 ** 20;

/** Memory for arrays and unpacked bytes. */
export class Budget {
  private readonly limit: number;
  private readonly advice: string;
  private spent = 0;

  constructor(fileBytes: number, { maxBytes }: ReadOptions) {
    this.limit = maxBytes ?? BASE + 32 * fileBytes;
    this.advice = maxBytes === undefined ? "save it contiguous and uncompressed" : "raise maxBytes";
  }

  /**
   * Account for `bytes` more, needed by `what`, which opens the message. Throws `InputError` above the
   * limit, and then counts nothing.
   */
  spend(what: string, bytes: number): void {
    const total = this.spent + bytes;
    if (total > this.limit) {
      throw new InputError(
        `${what} brings the arrays to ${total} bytes, the limit for this file is ${this.limit}; ${this.advice}`,
      );
    }
    this.spent = total;
  }
}

/** Memory for what a pickle builds besides arrays: its stack, lists, dicts, texts. */
export class PickleBudget {
  private readonly limit: number;
  private spent = 0;

  constructor(fileBytes: number) {
    this.limit = BASE + 16 * fileBytes;
  }

  /** Account for `bytes` more. Throws `InputError` above the limit. */
  spend(bytes: number): void {
    this.spent += bytes;
    if (this.spent <= this.limit) return;
    throw new InputError(
      `pt: the pickle builds more than ${this.limit} bytes of objects, the limit for a file of this size; save the weights alone`,
    );
  }
}
