import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CuemuxError } from '@cuemux/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { InspectRequest } from './request.js'
import { readInChild } from './run-child.js'
import type { TreeNode } from './tree.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cuemux-inspect-'))
})
afterAll(() => rm(folder, { recursive: true }))

const REQUEST: InspectRequest = {
  kind: 'boxes',
  name: 'film.mp4',
  sizeBytes: 3,
  runs: [{ offsetBytes: 0, lengthBytes: 3 }],
  opaque: [],
  depth: 9,
  perName: 9,
}

async function* some(bytes: number, times: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < times; i++) yield new Uint8Array(bytes)
}

/** Reads with a process that does what the code says. */
async function read(
  code: string,
  {
    timeMs = 20_000,
    bytes = some(3, 1),
    signal,
  }: { timeMs?: number; bytes?: AsyncGenerator<Uint8Array>; signal?: AbortSignal } = {},
): Promise<TreeNode> {
  const script = join(folder, 'child.mjs')
  await writeFile(script, code)
  return readInChild(script, REQUEST, bytes, { timeMs, heapMiB: 32 }, signal)
}

const failure = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'no failure',
    error => (error instanceof CuemuxError ? error.describe() : String(error)),
  )

describe('a process that reads a structure', () => {
  it('gets the request and the bytes, and gives the tree', async () => {
    const tree = await read(`
      import { buffer } from 'node:stream/consumers'
      const { name } = JSON.parse(process.argv[2])
      const { length } = await buffer(process.stdin)
      console.log(JSON.stringify({ name, offsetBytes: length, sizeBytes: 1 }))`)
    expect(tree).toEqual({ name: 'film.mp4', offsetBytes: 3, sizeBytes: 1 })
  })

  it.each([
    ['throws', `throw new TypeError('no such box')`, 'CORRUPT_INDEX: Its structure cannot be read: no such box.'],
    ['ends without a word', 'process.exit(0)', 'CORRUPT_INDEX: Its structure cannot be read: no reason was given.'],
    ['writes no tree', 'console.log("{}")', 'CORRUPT_INDEX: Its structure cannot be read: no reason was given.'],
    [
      'is killed',
      'process.kill(process.pid, "SIGSEGV")',
      'CORRUPT_INDEX: Its structure cannot be read: no reason was given.',
    ],
    [
      'takes all memory',
      'const a = []; for (;;) a.push(new Array(1e5).fill(0.5))',
      'LIMIT_EXCEEDED: Its structure asks for more than 32 MiB of memory.',
    ],
  ])('that %s becomes one line', async (_, code, line) => {
    expect(await failure(read(code))).toBe(line)
  })

  it('that never ends is ended', async () => {
    expect(await failure(read('setInterval(() => {}, 1e6)', { timeMs: 300 }))).toBe(
      'LIMIT_EXCEEDED: Its structure could not be read within 0.3 s.',
    )
  })

  it('that ends before it has taken its bytes does not block', async () => {
    const line = await failure(read(`throw new Error('too much')`, { bytes: some(1 << 20, 64) }))
    expect(line).toBe('CORRUPT_INDEX: Its structure cannot be read: too much.')
  })

  it('ends with the command', async () => {
    const signal = AbortSignal.timeout(300)
    expect(await failure(read('setInterval(() => {}, 1e6)', { signal }))).toBe('ABORTED: The operation was aborted.')
  })

  it('ends when the film cannot be read', async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(1)
      throw new CuemuxError('SOURCE_CHANGED', 'The film has changed.')
    }
    expect(await failure(read('process.stdin.resume()', { bytes: broken() }))).toBe(
      'SOURCE_CHANGED: The film has changed.',
    )
  })
})
