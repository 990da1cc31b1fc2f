import { execFileSync } from 'node:child_process'
import { mkdtempSync, renameSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { fileSource, openFile } from './node.js'

const folder = mkdtempSync(join(tmpdir(), 'cuemux-source-'))
afterAll(() => rmSync(folder, { recursive: true }))

const BYTES = Uint8Array.from({ length: 3_000_001 }, (_, i) => (i * 31 + (i >> 8)) & 255)
function make(name: string, bytes: Uint8Array = BYTES): string {
  const path = join(folder, name)
  writeFileSync(path, bytes)
  return path
}

describe('openFile', () => {
  test('reads small ranges at once and large ones as a promise', async () => {
    const source = await openFile(make('film.mkv'))
    expect(source.read(1000, 10)).toEqual(BYTES.slice(1000, 1010))
    const large = source.read(5, 2_900_000)
    expect(large).toBeInstanceOf(Promise)
    expect(Buffer.compare((await large) as Uint8Array, BYTES.subarray(5, 2_900_005))).toBe(0)
    expect(Buffer.compare((await source.read(70_000, 100_000)) as Uint8Array, BYTES.subarray(70_000, 170_000))).toBe(0)
    expect([source.name, source.sizeBytes, source.seekCostBytes]).toEqual(['film.mkv', 3_000_001, 32768])
    await source.close?.()
  })

  test('ends where the file ends', async () => {
    const source = await openFile(make('end.mkv'))
    expect(source.read(3_000_000, 10)).toEqual(BYTES.slice(3_000_000))
    expect(await source.read(2_000_000, 5_000_000)).toHaveLength(1_000_001)
    expect(source.read(3_000_001, 10)).toHaveLength(0)
    expect(source.read(1e15, 10)).toHaveLength(0)
    await source.close?.()
  })

  test('shares no memory between reads', async () => {
    const source = await openFile(make('own.mkv'))
    const [a, b] = [source.read(0, 100) as Uint8Array, source.read(0, 100) as Uint8Array]
    expect(a.buffer).not.toBe(b.buffer)
    expect(a.buffer.byteLength).toBe(100)
    await source.close?.()
  })

  test('reads into memory of the caller', async () => {
    const source = await openFile(make('into.mkv'))
    const target = new Uint8Array(2_000_000)
    expect(await source.readInto?.(7, target)).toBe(2_000_000)
    expect(Buffer.compare(target, BYTES.subarray(7, 2_000_007))).toBe(0)
    expect(await source.readInto?.(3_000_000, target)).toBe(1)
    expect([target[0], target[1]]).toEqual([BYTES[3_000_000], BYTES[8]])
    expect(await source.readInto?.(4_000_000, target)).toBe(0)
    await source.close?.()
  })

  test('takes a file: URL and an empty file', async () => {
    const source = await openFile(pathToFileURL(make('empty.mkv', new Uint8Array(0))))
    expect(source.sizeBytes).toBe(0)
    expect(source.read(0, 10)).toHaveLength(0)
    await source.close?.()
  })

  test('never reads on the event loop when told so', async () => {
    const source = await openFile(make('off.mkv'), { syncReadBytes: 0 })
    const read = source.read(0, 4)
    expect(read).toBeInstanceOf(Promise)
    expect(await read).toEqual(BYTES.slice(0, 4))
    await source.close?.()
  })

  test('has a key that changes with the content', async () => {
    const path = make('key.mkv')
    const keys: string[] = []
    const note = async (): Promise<void> => {
      const source = await openFile(path)
      keys.push(source.key)
      await source.close?.()
    }
    await note()
    await note()
    expect(keys[0]).toBe(keys[1])
    utimesSync(path, 1, 1)
    await note()
    writeFileSync(path, 'x')
    utimesSync(path, 1, 1)
    await note()
    expect(new Set(keys).size).toBe(3)
  })
})

describe('a file that changes while it is open', () => {
  test.each([10, 1_000_000, 2_500_000])(
    'SOURCE_CHANGED when it is cut short under a read of %d bytes',
    async length => {
      const path = make(`cut${length}.mkv`)
      const source = await openFile(path)
      truncateSync(path, 400_000)
      const read = async (): Promise<Uint8Array> => source.read(399_995, length)
      await expect(read()).rejects.toMatchObject({ code: 'SOURCE_CHANGED', at: { offsetBytes: 400_000 } })
      expect(await source.read(0, 5)).toEqual(BYTES.slice(0, 5))
      await source.close?.()
    },
  )

  test('is read on as it was when another is renamed over it, and up to its first size when it grows', async () => {
    const path = make('grow.mkv', BYTES.subarray(0, 100))
    const source = await openFile(path)
    writeFileSync(path, BYTES.subarray(0, 200))
    expect(source.read(90, 50)).toEqual(BYTES.slice(90, 100))
    renameSync(make('other.mkv', new Uint8Array(10)), path)
    expect(source.read(0, 3)).toEqual(BYTES.slice(0, 3))
    await source.close?.()
  })
})

describe('what can not be opened', () => {
  test.each([
    ['a missing path', () => join(folder, 'missing.mkv'), 'NOT_FOUND', 'There is no file'],
    ['a path through a file', () => join(make('plain'), 'x'), 'NOT_FOUND', 'There is no file'],
    ['a folder', () => folder, 'BAD_REQUEST', 'is a folder, not a film'],
    ['a pipe', () => pipe(), 'BAD_REQUEST', 'is a pipe, socket or device'],
    ['a device', () => '/dev/zero', 'BAD_REQUEST', 'is a pipe, socket or device'],
    ['no path', () => '', 'BAD_REQUEST', 'is not the path of a file'],
    ['a path with a zero', () => 'a\0b', 'BAD_REQUEST', 'is not the path of a file'],
    ['a name that is too long', () => join(folder, 'n'.repeat(300)), 'BAD_REQUEST', 'is not the path of a file'],
    ['another URL', () => new URL('http://localhost/a'), 'BAD_REQUEST', 'is not the path of a file'],
  ])('%s', async (_, path, code, message) => {
    await expect(openFile(path())).rejects.toMatchObject({ code, message: expect.stringContaining(message) })
    expect(() => fileSource(path())).toThrow(expect.objectContaining({ code }))
  })
})

function pipe(): string {
  const path = join(folder, 'pipe')
  rmSync(path, { force: true })
  execFileSync('mkfifo', [path])
  return path
}

describe('close and abort', () => {
  test('close() waits for the reads under way; reads after it fail', async () => {
    const source = await openFile(make('close.mkv'))
    const under = source.read(0, 2_500_000)
    await source.close?.()
    expect(Buffer.compare((await under) as Uint8Array, BYTES.subarray(0, 2_500_000))).toBe(0)
    expect(() => source.read(0, 1)).toThrow(expect.objectContaining({ code: 'SOURCE_UNREACHABLE' }))
    await source.close?.()
  })

  test('an abort in mid-read ends it, one before it prevents it', async () => {
    const source = await openFile(make('abort.mkv'))
    const ending = new AbortController()
    const read = source.read(0, 2_500_000, { signal: ending.signal })
    ending.abort()
    await expect(read).rejects.toMatchObject({ code: 'ABORTED' })
    expect(() => source.read(0, 1, { signal: ending.signal })).toThrow(expect.objectContaining({ code: 'ABORTED' }))
    await source.close?.()
  })
})
