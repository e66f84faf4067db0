/** JSON objects whose last field, `checksum`, is the CRC-32 of the text without it. */

import { textChecksum } from "../core/crc32.ts";

const field = /,\s*"checksum": ?"[0-9a-f]{8}"(\s*)\}\n?$/;

/** Longest text that `field` matches. */
const longest = 80;

/** The text of a JSON object with at least one field, on one line or indented, with its checksum. */
export function seal(json: string): string {
  const body = json.replace(/\s*\}$/, "");
  const end = json.slice(body.length, -1);
  const [before, after] = end.includes("\n") ? ["\n  ", " "] : ["", ""];
  return `${body},${before}"checksum":${after}"${textChecksum(json)}"${end}}`;
}

/**
 * The text that was sealed, or undefined when the text is not exactly what `seal` wrote, with or
 * without a line break after it.
 */
export function unseal(text: string): string | undefined {
  const tail = text.slice(-longest);
  const match = field.exec(tail);
  if (match === null) return undefined;
  const json = `${text.slice(0, text.length - tail.length + match.index)}${match[1]}}`;
  const sealed = seal(json);
  return text === sealed || text === `${sealed}\n` ? json : undefined;
}
