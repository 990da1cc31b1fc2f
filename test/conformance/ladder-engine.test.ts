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
  const lines = stdout.toString().split('\n')
  const packets = lines.filter(line => line !== '')
  return packets.map(line => ({ pts: Number(line.split(',')[0]), isKey: line.includes('K') }))
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

describe('rungs of one film', () => {
  const halved = [{ height: 72 }, { height: 54, maxFrameRate: 12 }] as const
  const thirty = [{ height: 72 }, { height: 54, maxFrameRate: 30 }] as const

  test.each([
    { name: 'h264_videoonly.mkv', what: 'of 24 and 12 frames a second', rate: [24_000, 1000], rungs: halved, chunk: 5 },
    {
      name: 'h264_5994.mp4',
      what: 'of 59.94 and 29.97 frames a second',
      rate: [60_000, 1001],
      rungs: thirty,
      chunk: 1,
    },
  ])('$what have the same boundaries, and each its own frames', async ({ name, rate, rungs, chunk }) => {
    const [timescale = 1, frame = 1] = rate
    const { of, engine } = await ladderOf({ input: await makeMedia(name), rungs, chunkSegments: chunk })
    expect(engine.renditions.slice(0, 2).map(({ frameRate }) => frameRate)).toEqual([rate, [timescale, frame * 2]])
    const [whole, half] = [of('video-72'), of('video-54')]
    expect(half.slice(0, -1).map(({ start, duration }) => [start, duration])).toEqual(
      whole.slice(0, -1).map(({ start, duration }) => [start, duration]),
    )
    const [first] = whole
    const segmentTicks = 2 * Math.round(timescale / frame) * frame
    expect(whole.map(({ start }) => start)).toEqual(whole.map((_, n) => (first?.start ?? 0) + n * segmentTicks))
    const frames = sum(whole.map(({ duration }) => duration)) / frame
    expect(await decode(whole)).toEqual({ complaints: '', frames })
    expect(await decode(half)).toEqual({ complaints: '', frames: Math.ceil(frames / 2) })
  })

  test('of a variable rate keep their frames and its times, and start their segments together', async () => {
    const input = await makeMedia('vfr_without_duration.mkv')
    const { of } = await ladderOf({ input, rungs: halved })
    const [whole, half] = [of('video-72'), of('video-54')]
    expect(whole).toHaveLength(15)
    expect(half.map(({ start }) => start)).toEqual(whole.map(({ start }) => start))
    for (const [n, { start, duration }] of whole.slice(0, -1).entries()) {
      expect(whole[n + 1]?.start).toBe(start + duration)
    }
    const { stdout } = await runOrThrow('ffprobe', [
      ...['-v', 'error', '-select_streams', 'v', '-show_entries', 'packet=pts', '-of', 'csv=p=0', input],
    ])
    const source = stdout.toString().trim().split('\n').map(Number)
    const times = (await packetsOf(whole[0]?.init, whole)).map(({ pts }) => pts).sort((a, b) => a - b)
    const zero = Math.min(...source)
    expect(times.map(pts => pts - (times[0] ?? 0))).toEqual(source.map(pts => pts - zero).sort((a, b) => a - b))
    expect((await packetsOf(half[0]?.init, half)).length).toBeLessThan(times.length * 0.8)
  })

  test('of a rate that the container names and the frames leave places of are as many as there are', async () => {
    const input = await makeMedia('h264_vfr.mkv')
    const { engine, of } = await ladderOf({ input, rungs: '54' })
    const { stdout } = await runOrThrow('ffprobe', [
      ...['-v', 'error', '-select_streams', 'v', '-show_entries', 'packet=pts', '-of', 'csv=p=0', input],
    ])
    const video = of('video-54')
    expect((await packetsOf(video[0]?.init, video)).length).toBe(stdout.toString().trim().split('\n').length)
    expect(engine.renditions[0]?.frameRate).toEqual([24_000, 1000])
  })

  test('may be of several codecs', async () => {
    const rungs = [
      { height: 72, codec: 'av1' },
      { height: 68, codec: 'hevc' },
      { height: 54, codec: 'h264' },
    ] as const
    const { of, engine } = await ladderOf({ input: await makeMedia('h264_23976.mkv'), rungs })
    expect(engine.renditions.map(({ codec }) => codec.split('.')[0])).toEqual(['av01', 'hvc1', 'avc1', 'mp4a'])
    const bounds = of('video-54').map(({ start, duration }) => [start, duration])
    for (const name of ['video-72', 'video-68', 'video-54']) {
      expect(of(name).map(({ start, duration }) => [start, duration])).toEqual(bounds)
      const packets = await packetsOf(of(name)[0]?.init, of(name))
      expect(packets.filter(({ isKey }) => isKey).map(({ pts }) => pts)).toEqual(bounds.map(([start]) => start))
      expect((await decode(of(name))).complaints).toBe('')
    }
  })
})

test('a film that ffmpeg alone reads has all its frames, and none more in the empty place behind the first', async () => {
  const { of } = await ladderOf({ input: await makeMedia('mpeg4_mp3.avi'), rungs: '54' })
  expect(of('audio-stereo').length).toBe(of('video-54').length)
  expect(await decode(of('video-54'))).toEqual({ complaints: '', frames: 14 * 24 })
})

test('a film without a picture has sound alone', async () => {
  const { names, of, engine } = await ladderOf({ input: await makeMedia('aac_only.m4a') })
  expect(names).toEqual(['audio-stereo'])
  expect(of('audio-stereo').map(({ number }) => number)).toEqual(
    Array.from({ length: engine.segmentCount ?? 0 }, (_, n) => n),
  )
  expect((await decode(of('audio-stereo'))).complaints).toBe('')
})

test('rungs by a look at the film are the same at every look', async () => {
  const input = await makeMedia('h264_23976.mkv')
  const look = async () => {
    const engine = await openLadderEngine({ input, rungs: 'auto' })
    await engine.close()
    return engine.settings
  }
  const settings = await look()
  expect(await look()).toEqual(settings)
  expect(settings.video).toMatchObject([{ name: 'video-360', width: 640, height: 360 }])
})

test('MPEG-TS has the same segments on the same clock, each with its tables', async () => {
  const input = await makeMedia('h264_23976.mkv')
  const options = { input, rungs: [{ height: 72 }, { height: 54, maxFrameRate: 12 }] }
  const [mp4, ts] = [await ladderOf(options), await ladderOf({ ...options, format: 'ts' })]
  const places = ({ segments }: typeof mp4) =>
    segments.map(({ rendition, number, start, duration }) => [rendition, number, start, duration].join()).sort()
  expect(places(ts)).toEqual(places(mp4))
  for (const { name, timescale } of ts.engine.renditions) {
    const [plain, transport] = [mp4.of(name), ts.of(name)]
    expect(transport.every(({ init }) => init === undefined)).toBe(true)
    expect(await decode(transport)).toEqual(await decode(plain))
    const stamps = await packetsOf(undefined, transport)
    const expected = await packetsOf(plain[0]?.init, plain)
    expect(stamps.map(({ isKey }) => isKey)).toEqual(expected.map(({ isKey }) => isKey))
    // A second of room for the clock, and what 90 kHz rounds.
    const offBy = stamps.map(({ pts }, i) => pts - 90_000 - ((expected[i]?.pts ?? 0) * 90_000) / timescale)
    expect(Math.max(...offBy.map(Math.abs))).toBeLessThanOrEqual(1)
    const alone = await decode(transport.slice(3, 4))
    expect(alone.complaints).toBe('')
    expect(alone.frames).toBeGreaterThan(0)
    const { keyframeRange, data } = transport[1] as LadderSegment
    if (keyframeRange === undefined) continue
    const range = Buffer.concat(data).subarray(0, keyframeRange.length)
    expect(range.length % 188).toBe(0)
    expect(await decode([{ ...(transport[1] as LadderSegment), data: [range] }])).toEqual({ complaints: '', frames: 1 })
  }
  const hevc = { input, rungs: [{ height: 54, codec: 'hevc' }], format: 'ts' } as const
  await expect(ladderOf(hevc)).rejects.toMatchObject({ code: 'BAD_REQUEST' })
})

/** A frame of RGB whose brightness goes up and down with its number. */
function frameOf(width: number, height: number, n: number): Uint8Array {
  const frame = new Uint8Array(width * height * 3)
  for (let i = 0; i < frame.length; i++) frame[i] = (i + n * 7) & 0xff
  return frame
}

/** A tone, from a sample on. */
function toneOf(first: number, count: number): Uint8Array {
  const samples = Int16Array.from({ length: count * 2 }, (_, i) => 8000 * Math.sin((first + (i >> 1)) / 20))
  return new Uint8Array(samples.buffer)
}

describe('frames that are pushed', () => {
  const RATE = [30_000, 1001] as const
  const SOUND_RATE = 48_000
  const FRAMES = 200
  const frames = { format: 'rgb24', width: 99, height: 75, frameRate: RATE } as const
  const base = { rungs: '75,50', segmentDurationMs: 1000, chunkSegments: 2, threads: 1 }
  const pcm = { format: 's16le', sampleRate: SOUND_RATE, channels: 2 } as const
  const sampleAt = (frame: number): number => Math.round((frame * RATE[1] * SOUND_RATE) / RATE[0])

  async function push(
    count: number,
    isStored: Stored,
  ): Promise<{ segments: LadderSegment[]; first: number | undefined }> {
    const engine = await openLadderEngine({ ...base, frames: { ...frames, audio: pcm } })
    const segments: LadderSegment[] = []
    try {
      const made = engine.segments(isStored)
      const taken = (async () => {
        for await (const segment of made) segments.push(segment)
      })()
      let sample = engine.nextAudioSample ?? 0
      for (let n = engine.nextFrame ?? 0; n < count; n++) {
        const next = sampleAt(n + 1)
        if (next > sample) await engine.writeAudio(toneOf(sample, next - sample))
        sample = Math.max(sample, next)
        await engine.writeFrame(frameOf(99, 75, n))
      }
      const first = engine.nextFrame
      engine.endFrames()
      await taken
      return { segments, first }
    } finally {
      await engine.close()
    }
  }

  test('become rungs and sound; taken up again, the caller pushes from the first missing chunk on', async () => {
    const { segments } = await push(FRAMES, nothing)
    const of = (name: string) => segments.filter(({ rendition }) => rendition === name)
    const expected = Array.from({ length: 7 }, (_, n) => [n, 2002 + n * 30_030, n < 6 ? 30_030 : 20_020])
    for (const name of ['video-74', 'video-50']) {
      expect(of(name).map(({ number, start, duration }) => [number, start, duration])).toEqual(expected)
      expect(await decode(of(name))).toEqual({ complaints: '', frames: FRAMES })
    }
    const sound = of('audio-stereo')
    expect(sound).toHaveLength(7)
    const end = (sound[6]?.start ?? 0) + (sound[6]?.duration ?? 0)
    const filmEnd = ((2002 + FRAMES * 1001) * SOUND_RATE) / RATE[0]
    expect(Math.abs(end - filmEnd)).toBeLessThanOrEqual(1024)

    const names = Object.keys(hashes(segments))
    const missing = new Set(['video-50/3', 'audio-stereo/5', 'video-74/6'])
    const again = await push(
      FRAMES,
      (rendition, n) => names.includes(`${rendition}/${n}`) && !missing.has(`${rendition}/${n}`),
    )
    expect(again.first).toBe(2 * 30)
    const all = hashes(segments)
    expect(hashes(again.segments)).toEqual(Object.fromEntries([...missing].map(name => [name, all[name]])))
  })

  test('are refused politely from a caller that does not wait, and the job goes on', async () => {
    const engine = await openLadderEngine({ ...base, rungs: '50', frames })
    const made: LadderSegment[] = []
    try {
      const segments = engine.segments(nothing)[Symbol.asyncIterator]()
      const writes = Array.from({ length: 300 }, (_, n) => engine.writeFrame(frameOf(99, 75, n)))
      const results = await Promise.allSettled(writes)
      const refused = results.filter(result => result.status === 'rejected')
      expect(refused.length).toBe(300 - 8)
      expect(refused[0]?.reason).toMatchObject({ code: 'CAPACITY' })
      await expect(engine.writeFrame(new Uint8Array(5))).rejects.toMatchObject({ code: 'BAD_REQUEST' })
      for (let n = 8; n < 40; n++) await engine.writeFrame(frameOf(99, 75, n))
      engine.endFrames()
      for (let next = await segments.next(); !next.done; next = await segments.next()) made.push(next.value)
    } finally {
      await engine.close()
    }
    expect(await decode(made)).toEqual({ complaints: '', frames: 40 })
  })

  test('wait for the one who takes the segments', async () => {
    const engine = await openLadderEngine({ ...base, rungs: '50', frames })
    try {
      const segments = engine.segments(nothing)[Symbol.asyncIterator]()
      let written = 0
      const writing = (async () => {
        for (let n = 0; n < 3000; n++) {
          await engine.writeFrame(frameOf(99, 75, n))
          written++
        }
      })().catch(error => error)
      // What lies in queues and pipes is a few seconds, however long the film.
      for (let n = 0; n < 30; n++) {
        expect((await segments.next()).value).toMatchObject({ number: n })
        expect(written).toBeLessThan((n + 16) * 30)
      }
      await engine.close()
      expect(await writing).toMatchObject({ code: 'ABORTED' })
      expect(written).toBeGreaterThan(29 * 30)
    } finally {
      await engine.close()
    }
  })
})
