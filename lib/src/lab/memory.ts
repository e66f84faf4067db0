/** Where measurements are remembered. */

/** Texts by key; reading an absent key gives undefined. */
export interface Memory {
  read(key: string): Promise<string | undefined>;
  /** Whole or not at all. */
  write(key: string, text: string): Promise<void>;
}

/** A memory that lasts as long as the program. */
export function inMemory(): Memory {
  const kept = new Map<string, string>();
  return {
    read: async (key) => kept.get(key),
    write: async (key, text) => void kept.set(key, text),
  };
}
