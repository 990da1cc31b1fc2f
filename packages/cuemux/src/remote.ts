/** From this cost of a seek on, in bytes, a source counts as remote: a read costs a round trip. */
const REMOTE_SEEK_COST_BYTES = 256 * 1024

/** Whether a source with this `ByteSource.seekCostBytes` is remote. */
export function isRemote(seekCostBytes: number): boolean {
  return seekCostBytes >= REMOTE_SEEK_COST_BYTES
}
