import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type Opener, removeUnfinished, replaceFile, writeWhole } from "./disk.ts";
import { unfinishedPath } from "./temporary.ts";

const root = mkdtempSync(join(tmpdir(), "tinylens-disk-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let next = 0;
function freshFolder(): string {
  const folder = join(root, `folder-${next++}`);
  mkdirSync(folder);
  return folder;
}
const modeOf = (path: string): number => statSync(path).mode & 0o777;

/** Opens files whose `sync` fails with a code. */
function noSync(code: string): Opener {
  return async (path, flags, mode) => {
    const file = await open(path, flags, mode);
    const sync = () => Promise.reject(Object.assign(new Error(code), { code }));
    return {
      sync,
      write: file.write.bind(file),
      truncate: file.truncate.bind(file),
      close: () => file.close(),
    };
  };
}

describe("writeWhole", () => {
  it("replaces a file, keeps its permissions, and leaves nothing else behind", async () => {
    const path = join(freshFolder(), "a");
    writeFileSync(path, "before");
    chmodSync(path, 0o640);
    await writeWhole(path, "after");
    expect([readFileSync(path, "utf8"), modeOf(path)]).toEqual(["after", 0o640]);
    expect(readdirSync(join(path, ".."))).toEqual(["a"]);
  });

  it("never opens the new content of a private file to others", async () => {
    const path = join(freshFolder(), "a");
    writeFileSync(path, "before");
    chmodSync(path, 0o600);
    const modes: number[] = [];
    await writeWhole(path, "after", async (temporary, flags, mode) => {
      const file = await open(temporary, flags, mode);
      modes.push(modeOf(temporary));
      return file;
    });
    expect([...modes, modeOf(path)]).toEqual([0o600, 0o600]);
  });

  it("replaces a symbolic link and leaves alone what it points at", async () => {
    const folder = freshFolder();
    writeFileSync(join(folder, "target"), "target");
    symlinkSync("target", join(folder, "link"));
    await writeWhole(join(folder, "link"), "content");
    expect(readFileSync(join(folder, "target"), "utf8")).toBe("target");
    expect(lstatSync(join(folder, "link")).isSymbolicLink()).toBe(false);
  });

  it("refuses what is no file", async () => {
    const path = join(freshFolder(), "sub");
    mkdirSync(path);
    await expect(writeWhole(path, "")).rejects.toThrow(
      `cannot write ${path}: it is there and is no file; choose another name`,
    );
  });

  it("takes long names as long as the disk takes them", async () => {
    const folder = freshFolder();
    await writeWhole(join(folder, "é".repeat(127)), "long");
    expect(readdirSync(folder)).toEqual(["é".repeat(127)]);
    await expect(writeWhole(join(folder, "x".repeat(300)), "")).rejects.toThrow(
      /: the name or the path is too long; choose a shorter one$/,
    );
    expect(readdirSync(folder)).toEqual(["é".repeat(127)]);
  });

  it.each(["EPERM", "EINVAL", "ENOTSUP", "EISDIR", "EBADF", "ENOSYS"])(
    "does without a flush that the system refuses with %s",
    async (code) => {
      const path = join(freshFolder(), "a");
      await writeWhole(path, "content", noSync(code));
      expect(readFileSync(path, "utf8")).toBe("content");
    },
  );

  it.each(["EIO", "ENOSPC"])("fails when a flush fails with %s", async (code) => {
    const folder = freshFolder();
    await expect(writeWhole(join(folder, "a"), "content", noSync(code))).rejects.toThrow(
      /^cannot write /,
    );
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe("replaceFile", () => {
  it("keeps links, and the permissions of what they point at", async () => {
    const [folder, other] = [freshFolder(), freshFolder()];
    const target = join(other, "target");
    writeFileSync(target, "before");
    chmodSync(target, 0o600);
    symlinkSync(target, join(folder, "first"));
    symlinkSync("first", join(folder, "second"));
    await replaceFile(join(folder, "second"), "after");
    expect([readFileSync(target, "utf8"), modeOf(target)]).toEqual(["after", 0o600]);
    expect(readlinkSync(join(folder, "second"))).toBe("first");
    expect([readdirSync(folder), readdirSync(other)]).toEqual([["first", "second"], ["target"]]);
  });

  it("makes what a link points at when it is not there", async () => {
    const [folder, other] = [freshFolder(), freshFolder()];
    symlinkSync(other, join(folder, "away"));
    symlinkSync("../new", join(other, "link"));
    await replaceFile(join(folder, "away/link"), "content");
    expect(readFileSync(join(root, "new"), "utf8")).toBe("content");
    expect(lstatSync(join(other, "link")).isSymbolicLink()).toBe(true);
    await replaceFile(join(folder, "deep/er/file"), "content");
    expect(readFileSync(join(folder, "deep/er/file"), "utf8")).toBe("content");
  });

  it("refuses links in a circle", async () => {
    const path = join(freshFolder(), "circle");
    symlinkSync("circle", path);
    await expect(replaceFile(path, "", "PLACE")).rejects.toThrow(
      `cannot write ${path}: the symbolic links of the path run in a circle; PLACE`,
    );
  });
});

describe("temporary names", () => {
  it("cannot be known beforehand", () => {
    expect(unfinishedPath("a")).not.toBe(unfinishedPath("a"));
  });

  it("are removed, except those of processes that run", async () => {
    const folder = freshFolder();
    const own = unfinishedPath(join(folder, "own"));
    writeFileSync(own, "");
    const reused = own.replace(/-([0-9a-f]{8})-/, "-00000000-");
    const gone = own.replace(`-${process.pid}-`, `-${2 ** 22 + 1}-`);
    const huge = own.replace(`-${process.pid}-`, "-9999999999-");
    for (const path of [reused, gone, huge, join(folder, "old.unfinished-1")]) {
      writeFileSync(path, "");
    }
    mkdirSync(join(folder, "sub.unfinished-2/below"), { recursive: true });
    writeFileSync(join(folder, "kept"), "");
    await removeUnfinished(folder);
    expect(readdirSync(folder).sort()).toEqual(["kept", own.slice(folder.length + 1)].sort());
    await removeUnfinished(join(folder, "absent"));
    expect(existsSync(join(folder, "absent"))).toBe(false);
  });
});
