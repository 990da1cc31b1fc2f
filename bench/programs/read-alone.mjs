// Reads INPUT from end to end in pieces of 2 MiB, two at a time, into four buffers used in turn: what reading alone takes.
import { open } from 'node:fs/promises'

const PIECE_BYTES = 2 * 1024 * 1024
const file = await open(process.argv[2])
const { size } = await file.stat()
const buffers = Array.from({ length: 4 }, () => Buffer.allocUnsafeSlow(PIECE_BYTES))
const read = number => file.read(buffers[number % 4], 0, PIECE_BYTES, number * PIECE_BYTES)
let next = read(0)
for (let number = 0; number * PIECE_BYTES < size; number++) {
  const [current, following] = [next, read(number + 1)]
  await current
  next = following
}
await next
await file.close()
