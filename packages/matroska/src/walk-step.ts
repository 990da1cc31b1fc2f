import type { BlockWalker, WalkStatus } from './block-walker.js'
import type { ByteWindow, Chunk } from './window.js'

/**
 * Gets the bytes that a walker needs and walks over them. Ends the walker where the source ends before what it needs.
 *
 * @param readTo where the reading goes to, if bytes have to be read
 */
export async function step(
  window: ByteWindow,
  walker: BlockWalker,
  until: number,
  oneBlock: boolean,
  readTo: number,
): Promise<{ status: WalkStatus; chunk: Chunk }> {
  const before = walker.position
  const asked = walker.needBytes
  const found = window.get(before, asked, readTo)
  const chunk = found instanceof Promise ? await found : found
  const status = walker.walk(chunk.bytes, chunk.base, until, oneBlock)
  const wasShort = chunk.base + chunk.bytes.length - before < asked
  if (status === 'needs-bytes' && walker.position === before && wasShort) walker.end()
  return { status, chunk }
}
