import { open } from 'node:fs/promises'

const PIECE_BYTES = 1024 * 1024

/** The first bytes of a file as a stream; `counted.bytes` says how many it gave. */
export async function* beginningOf(path, bytes, counted) {
  const file = await open(path)
  try {
    for (let at = 0; at < bytes; at += PIECE_BYTES) {
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafeSlow(PIECE_BYTES), 0, PIECE_BYTES, at)
      counted.bytes += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await file.close()
  }
}
