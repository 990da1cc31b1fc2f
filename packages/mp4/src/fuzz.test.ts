import { CuemuxError } from '@cuemux/core'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { writeFragmented } from '../testing/fragment-writer.js'
import { box, memorySource, soundEntry, type TrackSpec, words, writeMovie } from '../testing/movie-writer.js'
import { openMp4 } from './index.js'

const VIDEO: TrackSpec = {
  kind: 'video',
  timescale: 100,
  stts: [[9, 10]],
  ctts: [
    [4, 20],
    [5, 0],
  ],
  sizes: [9, 8, 7, 6, 5, 4, 3, 2, 1],
  chunks: [
    [4, 1],
    [5, 1],
  ],
  stss: [1, 5],
  edits: [
    [100, -1],
    [900, 20],
  ],
}
const AUDIO: TrackSpec = { ...VIDEO, kind: 'audio', timescale: 48000, ctts: [[9, 0]], stts: [[9, 1024]] }
const { stss: _, ...ALL_SYNC } = AUDIO
const TEXT: TrackSpec = {
  ...ALL_SYNC,
  kind: 'text',
  timescale: 1000,
  stts: [[9, 500]],
  entries: [box('tx3g', new Uint8Array(40))],
}
/** PCM of single frames, and a track of chapters that the picture's names. */
const PCM: TrackSpec = {
  ...ALL_SYNC,
  stts: [[9, 1]],
  timescale: 400,
  sizes: [4, 4, 4, 4, 4, 4, 4, 4, 4],
  constantSize: true,
  entries: [soundEntry('sowt')],
}
const CHAPTERS: TrackSpec = { ...TEXT, entries: [box('text', new Uint8Array(51))] }
const FILM = writeMovie({ tracks: [VIDEO, ALL_SYNC, { ...AUDIO, constantSize: true }], moovFirst: true })
const TEXTS = writeMovie({
  tracks: [{ ...VIDEO, extra: [box('tref', box('chap', words(4)))] }, TEXT, PCM, CHAPTERS],
  moovFirst: true,
})
const FRAGMENTS = {
  tracks: [VIDEO, ALL_SYNC],
  moofs: [
    [
      { track: 1, first: 0, end: 4 },
      { track: 2, first: 0, end: 5 },
    ],
    [
      { track: 1, first: 4, end: 9 },
      { track: 2, first: 5, end: 9 },
    ],
  ],
}
const FILMS = [
  ['tables', FILM],
  ['texts, chapters and PCM', TEXTS],
  ['fragments', writeFragmented({ ...FRAGMENTS, style: { base: 'explicit', tfdt: false, defaults: true } })],
  ['sidx', writeFragmented({ ...FRAGMENTS, sidx: [0, 1], isHierarchical: true })],
  ['mfra', writeFragmented({ ...FRAGMENTS, mfra: [0, 1], style: { base: 'none', runLength: 2 } })],
] as const

/** Opens and reads everything; anything but a `CuemuxError` fails the test. */
async function readAll(bytes: Uint8Array): Promise<void> {
  try {
    const demuxer = await openMp4(memorySource(bytes))
    const { keyframes, tracks } = demuxer.index
    expect(keyframes.count).toBeGreaterThan(0)
    const cuts = Uint32Array.from({ length: Math.min(keyframes.count, 8) }, (__, i) => i)
    for (const { id, kind } of tracks) {
      demuxer.spanSizes(id, cuts)
      if (kind === 'text') await demuxer.readText(id, 0, Number.POSITIVE_INFINITY).catch(check)
    }
    await demuxer.readChapters().catch(check)
    await demuxer.readGroupStarts([0], { looksInside: true }).catch(check)
    await demuxer.readKeyframe(0).catch(check)
    for (let first = 0; first < Math.min(keyframes.count, 8); first++) {
      const batches = await demuxer
        .readSpan(
          { first, end: first + 1 },
          tracks.map(track => track.id),
        )
        .catch(check)
      for (const batch of batches ?? []) {
        expect(batch.data.map(data => data.length)).toEqual([...batch.size])
        expect(batch.compositionOffset.every(offset => offset >= 0)).toBe(true)
      }
    }
  } catch (error) {
    check(error)
  }
}

function check(error: unknown): undefined {
  if (!(error instanceof CuemuxError)) throw error
  return undefined
}

it.each(FILMS)(
  'survives changed bytes: %s',
  async (_, film) => {
    const byte = fc.tuple(fc.nat(film.length - 1), fc.oneof(fc.constantFrom(0, 1, 127, 128, 255), fc.nat(255)))
    await fc.assert(
      fc.asyncProperty(fc.array(byte, { minLength: 1, maxLength: 12 }), async changes => {
        const bytes = film.slice()
        for (const [at, value] of changes) bytes[at] = value
        await readAll(bytes)
      }),
      { numRuns: 600 },
    )
  },
  30_000,
)

it.each(FILMS)(
  'survives changed words: %s',
  async (_, film) => {
    const word = fc.tuple(fc.nat((film.length >> 2) - 1), fc.constantFrom(0, 1, 0x7fffffff, 0x80000000, 0xffffffff))
    await fc.assert(
      fc.asyncProperty(fc.array(word, { minLength: 1, maxLength: 3 }), async changes => {
        const bytes = film.slice()
        const view = new DataView(bytes.buffer)
        for (const [at, value] of changes) view.setUint32(at * 4, value)
        await readAll(bytes)
      }),
      { numRuns: 600 },
    )
  },
  30_000,
)

it.each(FILMS)('survives an end anywhere: %s', async (_, film) => {
  for (let length = 0; length < film.length; length += 3) await readAll(film.subarray(0, length))
})

it('survives random bytes', async () => {
  await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), readAll), { numRuns: 200 })
})
