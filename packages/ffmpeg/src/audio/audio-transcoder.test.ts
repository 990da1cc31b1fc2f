import type { SampleBatch } from '@cuemux/core'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { decode, MediaFolder, openSound, type SoundInput, SWEEP, snrDb, toAdts } from '../../testing/films.js'
import { ProcessPool } from '../process/process-pool.js'
import { FfmpegRegistry } from '../process/registry.js'
import { AudioTranscoder } from './audio-transcoder.js'
import type { SegmentTimes } from './grid.js'

const media = new MediaFolder()
const ffmpeg = new FfmpegRegistry()
afterAll(async () => {
  await ffmpeg.closeAll()
  await media.remove()
})

const SEGMENT_S = 2
const SECONDS = 12
const segments = { times: Array.from({ length: 6 }, (_, n) => n * SEGMENT_S * 1000), timescale: 1000 }

interface Setting {
  readonly rate?: number
  readonly channels?: number
  readonly lookAhead?: number
  readonly pool?: ProcessPool
  readonly segments?: SegmentTimes
  /** Where ffmpeg's own decoding of the file begins, samples behind the track's start. */
  readonly leadingSamples?: number
}

function transcoderFor(sound: SoundInput, setting: Setting): AudioTranscoder {
  const { rate = 48000, channels = 2, lookAhead = 2 } = setting
  return new AudioTranscoder({
    ffmpeg,
    pool: setting.pool,
    track: sound.track,
    input: sound.readSamples,
    segments: setting.segments ?? segments,
    target: { codec: 'aac', channels, bitrateBps: 96_000 * channels, sampleRate: rate },
    lookAheadSegments: lookAhead,
  })
}

/** All segments, asked for in an order. */
async function segmentsOf(sound: SoundInput, order: readonly number[], setting: Setting): Promise<SampleBatch[]> {
  const transcoder = transcoderFor(sound, setting)
  const batches: SampleBatch[] = []
  for (const n of order) batches[n] = await transcoder.segment(n)
  await transcoder.close()
  return batches
}

/** The sound of all segments, from the film's sample 0 on: the priming frame's is left out. */
function pcmOf(batches: readonly SampleBatch[], { rate = 48000, channels = 2 }: Setting): Float32Array {
  const frames = batches.flatMap(batch => [...batch.data])
  return decode(toAdts(frames, rate, channels), channels, rate).subarray(1024 * channels)
}

const IN_ORDER = [0, 1, 2, 3, 4, 5]
const SHUFFLED = [4, 1, 5, 0, 3, 2]

const SOURCES: readonly (readonly [name: string, args: readonly string[], setting: Setting])[] = [
  ['ac3 at 48 kHz', ['-c:a', 'ac3', '-b:a', '256k'], {}],
  ['mp3 at 44.1 kHz to 48', ['-ar', '44100', '-c:a', 'libmp3lame', '-b:a', '192k'], {}],
  ['flac at 44.1 kHz', ['-ar', '44100', '-c:a', 'flac'], { rate: 44100 }],
  ['vorbis', ['-c:a', 'libvorbis', '-q:a', '7'], { leadingSamples: 128 }],
  ['opus', ['-c:a', 'libopus', '-b:a', '192k'], {}],
  ['alac', ['-c:a', 'alac'], {}],
  ['pcm', ['-c:a', 'pcm_s16le'], {}],
  ['truehd', ['-c:a', 'truehd', '-strict', '-2'], {}],
  ['dts', ['-c:a', 'dca', '-strict', '-2', '-b:a', '768k'], {}],
  ['eac3 5.1', ['-ac', '6', '-c:a', 'eac3', '-b:a', '384k'], { channels: 6 }],
]

describe('AudioTranscoder', () => {
  for (const [name, args, setting] of SOURCES) {
    it(`puts ${name} on one grid, in any order`, async () => {
      const { rate = 48000, channels = 2, leadingSamples = 0 } = setting
      const file = await media.make(`${name}.mkv`, '-f', 'lavfi', '-i', `${SWEEP}:s=48000:d=${SECONDS}`, ...args)
      const sound = await openSound(file)
      const inOrder = await segmentsOf(sound, IN_ORDER, setting)
      const shuffled = await segmentsOf(sound, SHUFFLED, { ...setting, lookAhead: 0 })
      expect(shuffled.map(batch => [...batch.dts])).toEqual(inOrder.map(batch => [...batch.dts]))
      expect(inOrder.flatMap(batch => [...batch.dts]).every((time, i, all) => time === all[0]! + 1024 * i)).toBe(true)

      const reference = decode(file, channels, rate)
      const start = Math.round((sound.track.start! / sound.track.timescale) * rate) - leadingSamples
      for (const batches of [inOrder, shuffled]) {
        const pcm = pcmOf(batches, setting)
        const snr = (at: number): number =>
          snrDb(reference, (start + at) * channels, pcm, at * channels, 4096 * channels)
        const elsewhere: number[] = []
        for (let at = rate / 2; at < (SECONDS - 1) * rate; at += rate * 0.041) elsewhere.push(snr(Math.round(at)))
        const low = elsewhere.sort((a, b) => a - b)[Math.floor(elsewhere.length / 50)]!
        const joins = [1, 2, 3, 4, 5].map(n => snr(Math.round(n * SEGMENT_S * rate) - 2048))
        expect(low).toBeGreaterThan(18)
        for (const join of joins) expect(join).toBeGreaterThan(low - 3)
      }
    })
  }

  it('makes a segment that nobody led up to by two processes that wait, in halves that join', async () => {
    const long = { times: [0, 3000, 6000, 9000], timescale: 1000 }
    const file = await media.make('halves.mkv', '-f', 'lavfi', '-i', `${SWEEP}:s=48000:d=${SECONDS}`, '-c:a', 'ac3')
    const sound = await openSound(file)
    const pool = new ProcessPool(ffmpeg, { size: 2 })
    const take = vi.spyOn(pool, 'take')
    const transcoder = transcoderFor(sound, { pool, segments: long })
    const batches: SampleBatch[] = []
    for (const n of [2, 0, 1, 3]) {
      await transcoder.warm()
      batches[n] = await transcoder.segment(n)
    }
    // Two for segment 2, whose run makes segment 3 as well; two for segment 0, whose run makes segment 1.
    expect(take).toHaveBeenCalledTimes(4)
    await transcoder.close()
    await pool.close()
    const times = batches.flatMap(batch => [...batch.dts])
    expect(times.every((time, i) => time === times[0]! + 1024 * i)).toBe(true)
    const reference = decode(file, 2, 48000)
    const pcm = pcmOf(batches, {})
    const start = Math.round((sound.track.start! / sound.track.timescale) * 48000)
    const snr = (at: number): number => snrDb(reference, (start + at) * 2, pcm, at * 2, 8192)
    const whole = [1, 2, 4, 5, 7, 8, 10, 11].map(second => snr(second * 48000))
    const halves = [1.5, 7.5].map(second => snr(second * 48000 - 2048))
    for (const half of halves) expect(half).toBeGreaterThan(Math.min(...whole) - 3)
  })
})
