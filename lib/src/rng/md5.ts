/** MD5 (RFC 1321): not for secrets, only to derive the seeds that published code derived with it. */

const blockBytes = 64;

/** The 16 bytes of the digest. */
export function md5(bytes: Uint8Array): Uint8Array {
  const state = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476);
  const padded = withLength(bytes);
  const words = new Int32Array(16);
  for (let start = 0; start < padded.byteLength; start += blockBytes) {
    for (let i = 0; i < 16; i++) words[i] = padded.getInt32(start + 4 * i, true);
    addBlock(state, words);
  }
  const digest = new DataView(new ArrayBuffer(16));
  for (const [i, word] of state.entries()) digest.setInt32(4 * i, word, true);
  return new Uint8Array(digest.buffer);
}

/** The message, a one bit, zeros, and its length in bits: whole blocks (section 3.1, 3.2). */
function withLength(bytes: Uint8Array): DataView {
  const blocks = Math.ceil((bytes.length + 9) / blockBytes);
  const padded = new Uint8Array(blocks * blockBytes);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setBigUint64(padded.length - 8, 8n * BigInt(bytes.length), true);
  return view;
}

/** Shifts of each round (section 3.4). */
const shifts: readonly (readonly [number, number, number, number])[] = [
  [7, 12, 17, 22],
  [5, 9, 14, 20],
  [4, 11, 16, 23],
  [6, 10, 15, 21],
];

/** Factor and offset by which each round walks through the 16 words. */
const strides: readonly (readonly [number, number])[] = [
  [1, 0],
  [5, 1],
  [3, 5],
  [7, 0],
];

const choose: readonly ((x: number, y: number, z: number) => number)[] = [
  (x, y, z) => (x & y) | (~x & z),
  (x, y, z) => (x & z) | (y & ~z),
  (x, y, z) => x ^ y ^ z,
  (x, y, z) => y ^ (x | ~z),
];

function addBlock(state: Int32Array, words: Int32Array): void {
  let [a, b, c, d] = state as unknown as [number, number, number, number];
  for (let i = 0; i < 64; i++) {
    const round = i >> 4;
    const [factor, offset] = strides[round] as readonly [number, number];
    const shift = shifts[round]?.[i % 4] as number;
    const sine = Math.floor(2 ** 32 * Math.abs(Math.sin(i + 1)));
    const chosen = choose[round]?.(b, c, d) as number;
    const sum = (a + chosen + (words[(factor * i + offset) % 16] as number) + sine) | 0;
    [a, b, c, d] = [d, (b + ((sum << shift) | (sum >>> (32 - shift)))) | 0, b, c];
  }
  for (const [i, word] of [a, b, c, d].entries()) state[i] = (state[i] as number) + word;
}
