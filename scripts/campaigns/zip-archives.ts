/** Zip archives for campaigns: plain entries read, and archives written with whatever their headers claim. */

import { deflateRawSync } from "node:zlib";

export interface Entry {
  readonly name: string;
  readonly data: Buffer;
  /** Pack the data; else they are stored. */
  readonly deflate?: boolean;
  /** What the headers claim in place of the truth. */
  readonly size?: number;
  readonly packed?: number;
  readonly offset?: number;
  readonly method?: number;
}

/** The entries of an archive that stores them plainly, as `torch.save` does. */
export function unzip(bytes: Buffer): Entry[] {
  const end = bytes.lastIndexOf(Buffer.from("PK\x05\x06", "latin1"));
  let at = bytes.readUInt32LE(end + 16);
  return Array.from({ length: bytes.readUInt16LE(end + 10) }, () => {
    const size = bytes.readUInt32LE(at + 24);
    const [name = 0, extra = 0, comment = 0] = [28, 30, 32].map((i) => bytes.readUInt16LE(at + i));
    const local = bytes.readUInt32LE(at + 42);
    const lengths = bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    const start = local + 30 + lengths;
    const entry = {
      name: bytes.toString("utf8", at + 46, at + 46 + name),
      data: bytes.subarray(start, start + size),
    };
    at += 46 + name + extra + comment;
    return entry;
  });
}

/** Whether all entries are stored plainly. */
export function isPlain(bytes: Buffer): boolean {
  const end = bytes.lastIndexOf(Buffer.from("PK\x05\x06", "latin1"));
  return bytes.readUInt16LE(bytes.readUInt32LE(end + 16) + 10) === 0;
}

export function zip(entries: readonly Entry[]): Buffer {
  const parts: Buffer[] = [];
  const central: Buffer[] = [];
  let at = 0;
  for (const { name, data, deflate = false, ...claims } of entries) {
    const label = Buffer.from(name);
    const raw = deflate ? deflateRawSync(data, { level: 9 }) : data;
    const method = claims.method ?? (deflate ? 8 : 0);
    const head = Buffer.alloc(30);
    head.write("PK\x03\x04", "latin1");
    head.writeUInt16LE(method, 8);
    head.writeUInt32LE(raw.length, 18);
    head.writeUInt32LE(claims.size ?? data.length, 22);
    head.writeUInt16LE(label.length, 26);
    const directory = Buffer.alloc(46);
    directory.write("PK\x01\x02", "latin1");
    directory.writeUInt16LE(method, 10);
    directory.writeUInt32LE(claims.packed ?? raw.length, 20);
    directory.writeUInt32LE(claims.size ?? data.length, 24);
    directory.writeUInt16LE(label.length, 28);
    directory.writeUInt32LE(claims.offset ?? at, 42);
    parts.push(head, label, raw);
    central.push(directory, label);
    at += 30 + label.length + raw.length;
  }
  const body = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(body.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, body, end]);
}
