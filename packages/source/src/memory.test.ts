import { describe, expect, test } from 'vitest'
import { blobSource, bytesSource } from './index.js'
import { sha256Hex } from './sha256.js'

const BYTES = Uint8Array.from({ length: 100 }, (_, i) => i)

describe('sha256Hex', () => {
  test('gives the digests of FIPS 180-4 and of the padding limits', () => {
    const text = (value: string): string => sha256Hex(new TextEncoder().encode(value))
    expect(text('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
    expect(text('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
    expect(text('abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq')).toBe(
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    )
    expect(text('a'.repeat(1_000_000))).toBe('cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0')
  })
})

describe('bytesSource', () => {
  test('reads views at once and ends where the bytes end', () => {
    const source = bytesSource(BYTES, { name: 'a.mkv' })
    const bytes = source.read(10, 5)
    expect(bytes).toEqual(Uint8Array.of(10, 11, 12, 13, 14))
    expect((bytes as Uint8Array).buffer).toBe(BYTES.buffer)
    expect(source.read(98, 10)).toEqual(Uint8Array.of(98, 99))
    expect(source.read(100, 1)).toEqual(new Uint8Array(0))
    expect(source.read(1e12, 1)).toEqual(new Uint8Array(0))
    expect([source.name, source.sizeBytes]).toEqual(['a.mkv', 100])
  })

  test('gives plain arrays of a Buffer, whose slice would be no copy', () => {
    const copy = (bytesSource(Buffer.from([1, 2, 3])).read(1, 2) as Uint8Array).slice()
    expect([copy, copy.byteOffset, copy.buffer.byteLength]).toEqual([Uint8Array.of(2, 3), 0, 2])
  })

  test.each([
    [-1, 1],
    [0.5, 1],
    [0, -1],
    [Number.NaN, 1],
    [0, Number.POSITIVE_INFINITY],
  ])('refuses the range %d, %d', (offset, length) => {
    expect(() => bytesSource(BYTES).read(offset, length)).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }))
  })

  test('is named by its content while that is small', () => {
    expect(bytesSource(BYTES).key).toBe('sha256:bce0aff19cf5aa6a7469a30d61d04e4376e4bbf6381052ee9e7f33925c954d52')
    expect(bytesSource(BYTES.slice()).key).toBe(bytesSource(BYTES).key)
    expect(bytesSource(BYTES.slice(1)).key).not.toBe(bytesSource(BYTES).key)
  })

  test('is named by its place in memory when it is large', () => {
    const large = new Uint8Array(2 * 1024 * 1024)
    expect(bytesSource(large).key).toBe(bytesSource(large).key)
    expect(bytesSource(large.slice()).key).not.toBe(bytesSource(large).key)
    expect(bytesSource(large.subarray(1)).key).not.toBe(bytesSource(large).key)
    expect(bytesSource(large, { key: 'mine' }).key).toBe('mine')
  })
})

describe('blobSource', () => {
  test('reads slices and ends where the blob ends', async () => {
    const source = blobSource(new Blob([BYTES]), { name: 'b.mp4' })
    expect(await source.read(10, 3)).toEqual(Uint8Array.of(10, 11, 12))
    expect(await source.read(99, 10)).toEqual(Uint8Array.of(99))
    expect(await source.read(100, 10)).toEqual(new Uint8Array(0))
    expect([source.name, source.sizeBytes]).toEqual(['b.mp4', 100])
  })

  test('takes the name of a file and a key of its own', () => {
    const blob = Object.assign(new Blob([BYTES]), { name: 'picked.mkv' })
    expect(blobSource(blob).name).toBe('picked.mkv')
    expect(blobSource(blob).key).toBe(blobSource(blob).key)
    expect(blobSource(blob).key).not.toBe(blobSource(new Blob([BYTES])).key)
  })

  test('says that a file which was edited has changed', async () => {
    const failing = {
      size: 10,
      slice: () => ({ arrayBuffer: () => Promise.reject(new DOMException('gone', 'NotReadableError')) }),
    }
    await expect(blobSource(failing as unknown as Blob).read(0, 5)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' })
  })

  test('ends with the signal', async () => {
    const read = blobSource(new Blob([BYTES])).read(0, 5, { signal: AbortSignal.abort() })
    await expect(read).rejects.toMatchObject({ code: 'ABORTED' })
  })
})
