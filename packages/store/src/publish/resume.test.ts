import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { bodyOf } from '../../testing/bodies.js'
import { type Compiled, compile } from '../../testing/compiled.js'
import { Worker } from '../../testing/worker.js'

let folder: string
let compiled: Compiled
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'cuemux-resume-'))
  compiled = compile('resume')
})
afterEach(() => {
  compiled.remove()
  rmSync(folder, { recursive: true, force: true })
})

it('a job that is killed again and again stores everything, and nothing that its checkpoint has twice', async () => {
  const recorded = new Set<string>()
  let isDone = false
  let kills = 0
  while (!isDone) {
    const worker = new Worker(compiled.script('ladder-worker'), path.join(folder, 'out'), path.join(folder, 'job.json'))
    if (kills < 8) {
      await worker.hear('begun')
      await new Promise(resolve => setTimeout(resolve, 4 * kills++))
      await worker.kill()
    } else {
      expect(await worker.ended()).toBe(0)
    }
    for (const { type, text = '' } of worker.heard) {
      if (type === 'put') expect(recorded).not.toContain(text)
      if (type === 'recorded') recorded.add(text)
      isDone ||= type === 'done'
    }
  }
  for (const rung of ['360p', '720p']) {
    const names = readdirSync(path.join(folder, 'out', rung))
    expect(names.length).toBe(60)
    for (const name of names) {
      const stored = readFileSync(path.join(folder, 'out', rung, name))
      expect(Buffer.compare(stored, bodyOf(`${rung}/${name}`))).toBe(0)
    }
  }
  const { segments } = JSON.parse(readFileSync(path.join(folder, 'job.json'), 'utf8')) as {
    segments: { path: string }[]
  }
  expect(new Set(segments.map(segment => segment.path)).size).toBe(120)
  expect(kills).toBeGreaterThan(1)
}, 60_000)
