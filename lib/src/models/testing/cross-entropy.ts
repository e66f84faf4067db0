/** Mean cross-entropy in nats of logits "batch class", by plain float64 loops: an oracle for tests. */
export function naiveCrossEntropy(logits: ArrayLike<number>, labels: readonly number[]): number {
  const classes = logits.length / labels.length;
  const losses = labels.map((label, b) => {
    const row = Array.from({ length: classes }, (_, i) => logits[b * classes + i] ?? Number.NaN);
    const top = Math.max(...row);
    const total = row.reduce((sum, x) => sum + Math.exp(x - top), 0);
    return Math.log(total) + top - (row[label] ?? Number.NaN);
  });
  return losses.reduce((sum, x) => sum + x, 0) / losses.length;
}
