import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { DiskCap } from './disk-cap.js'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cuemux-cap-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** A segment of 1000 bytes that was used so many minutes ago. */
async function segment(session: string, name: string, minutes: number): Promise<void> {
  const file = path.join(folder, session, 'v1/objects', name.slice(0, 2), name)
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(file, new Uint8Array(1000))
  const usedAt = Date.now() / 1000 - minutes * 60
  await utimes(file, usedAt, usedAt)
}

async function names(session: string): Promise<string[]> {
  const files = await readdir(path.join(folder, session), { recursive: true, withFileTypes: true })
  return files.flatMap(file => (file.isFile() ? [file.name] : [])).sort()
}

test('what all sessions have on disk is bounded: the least recently used that nobody watches goes first', async () => {
  for (let n = 0; n < 6; n++) await segment('watched', `aa${n}`, 60 - n)
  for (let n = 0; n < 6; n++) await segment('alone', `bb${n}`, 10 - n)
  const removed: [string, readonly string[]][] = []
  const evicted: number[] = []
  const errors: unknown[] = []
  const cap = new DiskCap({
    folder,
    maxBytes: 8000,
    isWatched: id => id === 'watched',
    onRemoved: (id, gone) => removed.push([id, gone]),
    onEvicted: files => evicted.push(files),
    onError: error => errors.push(error),
  })
  cap.wrote(1)
  await cap.settled()
  // 12 000 bytes are there, 7000 may stay.
  expect(await names('alone')).toEqual(['bb5'])
  expect(await names('watched')).toHaveLength(6)
  expect([removed, evicted, errors]).toEqual([[['alone', ['bb0', 'bb1', 'bb2', 'bb3', 'bb4']]], [5], []])
  await cap.close()
})

test('of what is watched only what was used just now stays in any case', async () => {
  for (let n = 0; n < 4; n++) await segment('watched', `aa${n}`, 5 - n)
  for (let n = 4; n < 8; n++) await segment('watched', `aa${n}`, 0)
  const cap = new DiskCap({
    folder,
    maxBytes: 1000,
    isWatched: () => true,
    onRemoved: () => {},
    onEvicted: () => {},
    onError: () => {},
  })
  cap.wrote(1)
  await cap.settled()
  await cap.close()
  expect(await names('watched')).toEqual(['aa4', 'aa5', 'aa6', 'aa7'])
})
