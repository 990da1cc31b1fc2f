import { describe, expect, it } from 'vitest'
import { Lease, SharedMemory } from './segment-memory.js'

const MIB = 1 << 20

/** Memory that one holder has, and how he gives it back. */
function held(bytes: number): { buffer: ArrayBufferLike | undefined; release: () => void } {
  const memory = new SharedMemory()
  const release = memory.hold()
  return { buffer: memory.take(bytes)?.buffer, release }
}

describe('SharedMemory', () => {
  it('leaves small reads to the collector', () => {
    expect(new SharedMemory().take(1000)).toBeUndefined()
  })

  it('is used again once it was given back, and not before', () => {
    const first = held(3 * MIB)
    const second = held(3 * MIB)
    expect(second.buffer).not.toBe(first.buffer)
    first.release()
    const third = held(2 * MIB)
    expect(third.buffer).toBe(first.buffer)
    first.release() // Again: nothing of it is anybody's any more.
    expect(held(3 * MIB).buffer).not.toBe(first.buffer)
    third.release()
    second.release()
  })

  it('waits for all who hold it', () => {
    const memory = new SharedMemory()
    const [one, other] = [memory.hold(), memory.hold()]
    const buffer = memory.take(7 * MIB)?.buffer
    one()
    one()
    expect(held(7 * MIB).buffer).not.toBe(buffer)
    other()
    expect(held(7 * MIB).buffer).toBe(buffer)
  })

  it('takes no buffer that is much too large, and keeps a bounded number of bytes', () => {
    const large = held(20 * MIB)
    large.release()
    const small = held(MIB)
    expect(small.buffer).not.toBe(large.buffer)
    const others = Array.from({ length: 3 }, () => held(20 * MIB))
    for (const { release } of others) release()
    const buffers = others.map(({ buffer }) => buffer)
    const again = Array.from({ length: 3 }, () => held(20 * MIB).buffer)
    expect(again.filter(buffer => buffers.includes(buffer))).toHaveLength(1)
  })
})

describe('Lease', () => {
  it('gives all of it back, once', () => {
    const lease = new Lease()
    let released = 0
    lease.add(() => released++)
    lease.add(() => released++)
    lease.release()
    lease.release()
    expect(released).toBe(2)
  })
})
