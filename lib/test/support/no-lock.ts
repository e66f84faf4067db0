/** A lock that lets everybody in, to see that the campaign `locks` can fail. */
export async function takeLock(): Promise<() => Promise<void>> {
  return async () => {};
}
