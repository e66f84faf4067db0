import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { InputError } from "../core/errors.ts";
import { checkStart } from "../io/start.ts";
import { explain, explainRead, systemCode } from "./disk-errors.ts";
import {
  isThere,
  listIfThere,
  readIfThere,
  readTextIfThere,
  removeIfThere,
  statIfThere,
} from "./disk-read.ts";

const root = mkdtempSync(join(tmpdir(), "tinylens-read-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const absent = join(root, "absent");
const file = join(root, "file");
writeFileSync(file, "text");
const folder = join(root, "folder");
mkdirSync(folder);
writeFileSync(join(folder, "b"), "");
writeFileSync(join(folder, "a"), "");
const circle = join(root, "circle");
symlinkSync("circle", circle);

describe("reading what may be absent", () => {
  it("gives what is there", async () => {
    expect(await readIfThere(file)).toEqual(Buffer.from("text"));
    expect(await readTextIfThere(file)).toBe("text");
    expect(await listIfThere(folder)).toEqual(["a", "b"]);
    expect((await statIfThere(file))?.size).toBe(4);
    expect([await isThere(file), await isThere(folder)]).toEqual([true, true]);
  });

  it("looks at the start of a file before it reads the rest", async () => {
    const seen: unknown[] = [];
    const bytes = await readIfThere(file, undefined, (start, size) => {
      seen.push([Buffer.from(start).toString(), size]);
    });
    expect([seen, bytes]).toEqual([[["text", 4]], Buffer.from("text")]);
    const holes = join(root, "holes");
    writeFileSync(holes, "");
    truncateSync(holes, 1_900_000_000);
    const before = process.memoryUsage.rss();
    for (const format of ["pt", "safetensors"] as const) {
      await expect(
        readIfThere(holes, undefined, (start, size) => checkStart(format, start, size)),
      ).rejects.toThrow(InputError);
    }
    expect(process.memoryUsage.rss() - before).toBeLessThan(2 ** 28);
  });

  it("gives nothing for what is absent", async () => {
    expect(await readIfThere(absent)).toBeUndefined();
    expect(await readTextIfThere(absent)).toBeUndefined();
    expect(await listIfThere(absent)).toBeUndefined();
    expect(await isThere(absent)).toBe(false);
    await removeIfThere(absent);
  });

  it.each([
    ["readIfThere", readIfThere],
    ["listIfThere", listIfThere],
    ["statIfThere", statIfThere],
    ["isThere", isThere],
  ])("is an error in %s when nobody can know", async (_name, read) => {
    const inside = join(file, "below");
    await expect(read(inside)).rejects.toThrow(
      new InputError(`cannot read ${inside}: a part of the path is a file; check the path`),
    );
    await expect(read(circle)).rejects.toThrow(
      `cannot read ${circle}: the symbolic links of the path run in a circle; check the path`,
    );
  });

  it("refuses folders, pipes, devices and files above the limit, and waits for none of them", async () => {
    await expect(readIfThere(folder)).rejects.toThrow(
      new InputError(`cannot read ${folder}: it is a folder; name a file`),
    );
    await expect(readIfThere(file, 3)).rejects.toThrow(
      new InputError(`cannot read ${file}: it has 4 bytes, the limit is 3`),
    );
    const pipe = join(root, "pipe");
    execFileSync("mkfifo", [pipe]);
    for (const path of [pipe, "/dev/zero"]) {
      await expect(readIfThere(path)).rejects.toThrow(
        `cannot read ${path}: it is a pipe or a device; name a file`,
      );
    }
  });
});

describe("what the system refuses", () => {
  const error = (code: string, errno?: number) =>
    Object.assign(new Error(`${code}: a test`), { code, errno, syscall: "write" });

  it.each([
    ["ENOSPC", "the disk is full; free some space and run the same command again"],
    ["EDQUOT", "your disk quota is used up; free some space and run the same command again"],
    ["EMFILE", "this process has too many files open; raise the limit (ulimit -n) and run the"],
    ["ENFILE", "the system has too many files open; close some programs and run the same"],
    ["EFBIG", "the file is larger than is allowed; raise the limit (ulimit -f) and run the same"],
    ["ENOMEM", "the system is out of memory; close some programs and run the same command again"],
    ["ENAMETOOLONG", "the name or the path is too long; choose a shorter one"],
    ["EIO", "the disk reports an input or output error; check the disk and run the same"],
    ["ESTALE", "the network disk no longer knows the folder; mount it again and run the same"],
    ["ENOTCONN", "the network disk is not connected; mount it again and run the same"],
    ["EHOSTDOWN", "the network disk's server is down; mount it again and run the same"],
    ["ETIMEDOUT", "the network disk does not answer; check the connection and run the same"],
    ["EBUSY", "another program is using it; close that program and run the same command again"],
    ["ETXTBSY", "another program is running it; close that program and run the same command"],
    ["EAGAIN", "the system is short of resources; run the same command again"],
    ["EINTR", "the system interrupted the work; run the same command again"],
    ["EACCES", "permission denied; PLACE"],
    ["EPERM", "permission denied; PLACE"],
    ["EROFS", "the disk is read-only; PLACE"],
    ["ENOTDIR", "a part of the path is a file; PLACE"],
    ["EEXIST", "a part of the path is a file; PLACE"],
    ["EISDIR", "it is a folder; PLACE"],
    ["ENOTEMPTY", "a folder with that name is not empty; PLACE"],
    ["ENOENT", "no folder can be made there; PLACE"],
    ["ELOOP", "the symbolic links of the path run in a circle; PLACE"],
    ["EXDEV", "the path crosses from one disk to another; PLACE"],
    ["EMLINK", "the folder is full; PLACE"],
    ["EINVAL", "the disk does not accept that name or operation; PLACE"],
    ["EILSEQ", "the disk does not accept the characters of that name; PLACE"],
    ["ENOTSUP", "the disk does not support the operation; PLACE"],
    ["ENODEV", "there is no such device; PLACE"],
    ["ENXIO", "there is no such device; PLACE"],
  ])("is said in words: %s", (code, words) => {
    const written = explain(error(code), "x", "PLACE");
    expect(written).toBeInstanceOf(InputError);
    expect((written as Error).message).toContain(`cannot write x: ${words}`);
    const read = explainRead(error(code), "x");
    expect(read).toBeInstanceOf(InputError);
    expect((read as Error).message).toMatch(/^cannot read x: [^;]+; [^;]+$/);
  });

  it("differs for reading where it should", () => {
    const message = (code: string) => (explainRead(error(code), "x") as Error).message;
    expect(message("ENOENT")).toBe("cannot read x: it is not there; check the path");
    expect(message("EACCES")).toBe("cannot read x: permission denied; allow yourself to read it");
  });

  it("is said in the system's own words when the code has none here", () => {
    const message = (code: string, errno?: number) =>
      (explain(error(code, errno), "x", "PLACE") as Error).message;
    expect(message("EPROTO", -71)).toBe(
      "cannot write x: the system refuses it (EPROTO: protocol error); PLACE",
    );
    expect(message("EPROTO")).toContain("(EPROTO: protocol error)");
    expect(message("ENEW", -9999)).toBe("cannot write x: the system refuses it (ENEW); PLACE");
    expect(message("UNKNOWN", -4094)).toContain("the system refuses it (UNKNOWN");
  });

  it("is told from faults of the program", () => {
    const fault = new TypeError("x is not a function");
    expect(explain(fault, "x")).toBe(fault);
    const coded = Object.assign(new Error("no"), { code: "ERR_INVALID_THIS" });
    expect(explainRead(coded, "x")).toBe(coded);
    expect([systemCode("EIO"), systemCode(coded)]).toEqual([undefined, undefined]);
  });
});
