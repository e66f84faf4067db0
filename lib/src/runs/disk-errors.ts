/** What the operating system refuses, in one sentence. */

import { getSystemErrorMap } from "node:util";
import { InputError } from "../core/errors.ts";

/** Advice where the place is at fault, when the caller has none of its own. */
export const otherFolder = "choose another folder with --out";

const later = "run the same command again";
const noSpace = `free some space and ${later}`;
const noPath = "choose a shorter one";
const unmounted = `mount it again and ${later}`;

/** Causes that are not a matter of the place: code, what it means, what to do. */
const causes: Readonly<Record<string, readonly [reason: string, advice: string]>> = {
  ENOSPC: ["the disk is full", noSpace],
  EDQUOT: ["your disk quota is used up", noSpace],
  EMFILE: ["this process has too many files open", `raise the limit (ulimit -n) and ${later}`],
  ENFILE: ["the system has too many files open", `close some programs and ${later}`],
  EFBIG: ["the file is larger than is allowed", `raise the limit (ulimit -f) and ${later}`],
  ENOMEM: ["the system is out of memory", `close some programs and ${later}`],
  ENAMETOOLONG: ["the name or the path is too long", noPath],
  EIO: ["the disk reports an input or output error", `check the disk and ${later}`],
  ESTALE: ["the network disk no longer knows the folder", unmounted],
  ENOTCONN: ["the network disk is not connected", unmounted],
  EHOSTDOWN: ["the network disk's server is down", unmounted],
  ETIMEDOUT: ["the network disk does not answer", `check the connection and ${later}`],
  EBUSY: ["another program is using it", `close that program and ${later}`],
  ETXTBSY: ["another program is running it", `close that program and ${later}`],
  EAGAIN: ["the system is short of resources", later],
  EINTR: ["the system interrupted the work", later],
};

/** Causes that another place or another name would avoid. */
const misplaced: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the disk is read-only",
  ENOTDIR: "a part of the path is a file",
  EEXIST: "a part of the path is a file",
  EISDIR: "it is a folder",
  ENOTEMPTY: "a folder with that name is not empty",
  ENOENT: "no folder can be made there",
  ELOOP: "the symbolic links of the path run in a circle",
  EXDEV: "the path crosses from one disk to another",
  EMLINK: "the folder is full",
  EINVAL: "the disk does not accept that name or operation",
  EILSEQ: "the disk does not accept the characters of that name",
  ENOTSUP: "the disk does not support the operation",
  EOPNOTSUPP: "the disk does not support the operation",
  ENOSYS: "the disk does not support the operation",
  ENODEV: "there is no such device",
  ENXIO: "there is no such device",
  ERR_INVALID_ARG_VALUE: "the path contains a zero character",
};

/** Where reading differs from writing. */
const unreadable: Readonly<Record<string, readonly [reason: string, advice: string]>> = {
  EACCES: ["permission denied", "allow yourself to read it"],
  EPERM: ["permission denied", "allow yourself to read it"],
  ENOENT: ["it is not there", "check the path"],
  ERR_FS_FILE_TOO_LARGE: ["the file is larger than can be read at once", "use a smaller one"],
};

/** The code of an error of the operating system, such as `ENOENT`; undefined for all other errors. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  const code = String(error.code);
  const known = /^E[A-Z0-9]+$/.test(code) || "syscall" in error;
  return known || code in misplaced || code in unreadable ? code : undefined;
}

/** Whether the error says that a file is absent. Every other error means that nobody knows. */
export function isAbsent(error: unknown): boolean {
  return systemCode(error) === "ENOENT";
}

/**
 * The error of a write as an `InputError` when its cause is the system and not the program.
 * `remedy` ends the sentence where the place is at fault.
 */
export function explain(error: unknown, path: string, remedy: string = otherFolder): unknown {
  const code = systemCode(error);
  if (code === undefined) return error;
  const [reason, advice] = causes[code] ?? [misplaced[code] ?? inGeneral(error, code), remedy];
  return new InputError(`cannot write ${path}: ${reason}; ${advice}`, { cause: error });
}

/** The error of a read as an `InputError` when its cause is the system and not the program. */
export function explainRead(error: unknown, path: string): unknown {
  const code = systemCode(error);
  if (code === undefined) return error;
  const [reason, advice] = unreadable[code] ??
    causes[code] ?? [misplaced[code] ?? inGeneral(error, code), "check the path"];
  return new InputError(`cannot read ${path}: ${reason}; ${advice}`, { cause: error });
}

/** What the system itself says about a code without a sentence above. */
function inGeneral(error: unknown, code: string): string {
  const entries = [...getSystemErrorMap()];
  const number = error instanceof Error && "errno" in error ? error.errno : undefined;
  const entry =
    entries.find(([errno]) => errno === number) ?? entries.find(([, [name]]) => name === code);
  return entry === undefined
    ? `the system refuses it (${code})`
    : `the system refuses it (${code}: ${entry[1][1]})`;
}
