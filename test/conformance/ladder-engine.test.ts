// The engine under a ladder: all rungs out of one decode, cut at the same ticks, the same bytes in every run.

import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { LadderEngineOptions, LadderSegment } from '../../packages/cuemux/src/ladder/model.js'
import { openLadderEngine } from '../../packages/cuemux/src/ladder/open-engine.js'
import { makeMedia } from '../media/media.js'
import { runOrThrow } from '../support/process.js'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cuemux-ladder-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

type Stored = (rendition: string, n: number) => boolean
const nothing: Stored = () => false

async function ladderOf(options: LadderEngineOptions, isStored = nothing) {
  const engine = await openLadderEngine({ chunkSegments: 2, segmentDurationMs: 2000, ...options })
  const segments: LadderSegment[] = []
  try {
    for await (const segment of engine.segments(isStored)) segments.push(segment)
  } finally {
    await engine.close()
  }
  const of = (name: string) => segments.filter(({ rendition }) => rendition === name)
  return { engine, segments, of, names: engine.renditions.map(({ name }) => name) }
}

function hashes(segments: readonly LadderSegment[]): Record<string, string> {
  const entries = segments.map(({ rendition, number, data }): [string, string] => [
    `${rendition}/${number}`,
    createHash('sha256').update(Buffer.concat(data)).digest('hex'),
  ])
  return Object.fromEntries(entries)
}

interface Packet {
  readonly pts: number
  readonly isKey: boolean
}

/** What ffprobe reads out of a rendition's init segment and some of its segments. */
async function packetsOf(init: Uint8Array | undefined, segments: readonly LadderSegment[]): Promise<Packet[]> {
  const file = path.join(folder, `${segments[0]?.rendition}-${segments[0]?.number}.mp4`)
  await writeFile(file, Buffer.concat([init ?? new Uint8Array(), ...segments.flatMap(({ data }) => data)]))
  const args = ['-v', 'error', '-show_entries', 'packet=pts,flags', '-of', 'csv=p=0', file]
  const { stdout } = await runOrThrow('ffprobe', args)
  const lines = stdout.toString().trim().split('\n')
  return lines.map(line => ({ pts: Number(line.split(',')[0]), isKey: line.includes('K') }))
}

/** Decodes a rendition's segments; ffmpeg's complaints, and how many pictures came out. */
async function decode(segments: readonly LadderSegment[]): Promise<{ complaints: string; frames: number }> {
  const file = path.join(folder, 'decoded.mp4')
  await writeFile(file, Buffer.concat([segments[0]?.init ?? new Uint8Array(), ...segments.flatMap(({ data }) => data)]))
  const { stderr, stdout } = await runOrThrow('ffmpeg', ['-v', 'error', '-i', file, '-f', 'framemd5', '-'])
  const frames = stdout
    .toString()
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#')).length
  return { complaints: stderr, frames }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)

describe.each([
  { name: 'h264_23976.mkv', segmentTicks: 48 * 1001, timescale: 24_000, frame: 1001 },
  { name: 'eac3_2997.mkv', segmentTicks: 60 * 1001, timescale: 30_000, frame: 1001 },
])('$name', ({ name, segmentTicks, timescale, frame }) => {
  test('becomes three rungs and sound, cut at the same ticks, each segment whole', async () => {
    const { engine, of, names } = await ladderOf({ input: await makeMedia(name), rungs: '180,90,54' })
    const videos = names.filter(one => one.startsWith('video'))
    expect(videos).toEqual(['video-180', 'video-90', 'video-54'])
    expect(engine.targetDurationMs).toBe((segmentTicks * 1000) / timescale)
    const [first = ''] = videos
    const bounds = of(first).map(({ start, duration }) => [start, duration])
    expect(bounds).toHaveLength(engine.segmentCount ?? 0)
    for (const [i, [start = 0, duration = 0]] of bounds.entries()) {
      expect(start - (bounds[0]?.[0] ?? 0)).toBe(i * segmentTicks)
      if (i < bounds.length - 1) expect(duration).toBe(segmentTicks)
    }
    const frames = sum(of(first).map(({ duration }) => duration)) / frame
    for (const rung of videos) {
      const segments = of(rung)
      expect(segments.map(({ number }) => number)).toEqual(bounds.map((_, n) => n))
      expect(segments.map(({ start, duration }) => [start, duration])).toEqual(bounds)
      expect(segments.filter(({ init }) => init !== undefined)).toHaveLength(1)
      const packets = await packetsOf(segments[0]?.init, segments)
      expect(packets.filter(({ isKey }) => isKey).map(({ pts }) => pts)).toEqual(bounds.map(([start]) => start))
      const sorted = packets.map(({ pts }) => pts).sort((a, b) => a - b)
      expect(sorted.every((pts, i) => i === 0 || pts - (sorted[i - 1] ?? 0) === frame)).toBe(true)
      expect(packets).toHaveLength(frames)
      expect(await decode(segments)).toEqual({ complaints: '', frames })
    }
    // Each segment is decoded without the one before: its group of pictures is closed.
    const alone = { ...of(first)[2], init: of(first)[0]?.init } as LadderSegment
    expect(await decode([alone])).toEqual({ complaints: '', frames: segmentTicks / frame })
    const { keyframeRange } = of(first)[1] as LadderSegment
    const bytes = Buffer.concat((of(first)[1] as LadderSegment).data)
    const piece = bytes.subarray(keyframeRange?.offset, keyframeRange?.length)
    expect(await decode([{ ...alone, data: [piece] }])).toEqual({ complaints: '', frames: 1 })
  })
})

test('sound joins without a gap, and lies where its pictures do', async () => {
  const { engine, of, names } = await ladderOf({ input: await makeMedia('ac3_51.mkv'), rungs: '54' })
  expect(names).toEqual(['video-54', 'audio-stereo', 'audio-5.1'])
  const [picture] = engine.renditions
  for (const name of ['audio-stereo', 'audio-5.1']) {
    const segments = of(name)
    const timescale = engine.renditions.find(one => one.name === name)?.timescale ?? 1
    for (const [i, segment] of segments.entries()) {
      const before = segments[i - 1]
      if (before !== undefined) expect(segment.start).toBe(before.start + before.duration)
      const film = (of('video-54')[i]?.start ?? 0) / (picture?.timescale ?? 1)
      expect(Math.abs(segment.start / timescale - film)).toBeLessThan(0.05)
    }
    const packets = await packetsOf(segments[0]?.init, segments)
    expect(packets.every(({ pts }, i) => i === 0 || pts - (packets[i - 1]?.pts ?? 0) === 1024)).toBe(true)
    expect((await decode(segments)).complaints).toBe('')
  }
})

test('gives the same bytes in every run, and of a job taken up again only those that are missing', async () => {
  const input = await makeMedia('h264_23976.mkv')
  const options = { input, rungs: '90,54' }
  const whole = await ladderOf({ ...options, parallelChunks: 1 })
  const expected = hashes(whole.segments)
  expect(hashes((await ladderOf({ ...options, parallelChunks: 3 })).segments)).toEqual(expected)
  const names = Object.keys(expected)
  // Holes in one chunk, one stored whole, one not begun.
  const stored = new Set(names.filter(name => /\/[02345]$/.test(name) && name !== 'video-54/0'))
  const rest = await ladderOf(options, (rendition, n) => stored.has(`${rendition}/${n}`))
  const missing = names.filter(name => !stored.has(name))
  expect(hashes(rest.segments)).toEqual(Object.fromEntries(missing.map(name => [name, expected[name]])))
  expect(rest.engine.settings).toEqual(whole.engine.settings)
  expect(rest.engine.source).toEqual(whole.engine.source)
  const inits = ({ of }: typeof whole) => whole.names.map(name => of(name).find(({ init }) => init)?.init)
  expect(inits(rest)).toEqual(inits(whole))
})
