import type { SampleBatch } from '@cuemux/core'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { type FakeMode, fakeFfmpeg } from '../../testing/fakes.js'
import { decode, MediaFolder, openSound, type SoundInput, SWEEP, snrDb, toAdts } from '../../testing/films.js'
import { FfmpegRegistry } from '../process/registry.js'
import { AudioTranscoder } from './audio-transcoder.js'

const media = new MediaFolder()
const registries: FfmpegRegistry[] = []
afterEach(async () => {
  await Promise.all(registries.splice(0).map(registry => registry.closeAll()))
})
afterAll(() => media.remove())

const SECONDS = 8

async function sweep(): Promise<SoundInput> {
  return openSound(await media.make('flac.mkv', '-f', 'lavfi', '-i', `${SWEEP}:s=48000:d=${SECONDS}`, '-c:a', 'flac'))
}

function transcoderFor(sound: SoundInput, mode?: FakeMode, lookAhead = 1): AudioTranscoder {
  const ffmpegPath = mode === undefined ? 'ffmpeg' : fakeFfmpeg(media.path, mode)
  const ffmpeg = new FfmpegRegistry({ ffmpegPath, stallMs: 1000, endMs: [50, 50] })
  registries.push(ffmpeg)
  return new AudioTranscoder({
    ffmpeg,
    track: sound.track,
    input: sound.readSamples,
    segments: { times: [0, 2, 4, 6], timescale: 1 },
    target: { codec: 'aac', channels: 2, bitrateBps: 192_000, sampleRate: 48_000 },
    lookAheadSegments: lookAhead,
  })
}

describe('AudioTranscoder in trouble', () => {
  for (const mode of ['fail', 'garbage', 'silent-exit', 'hang', 'die-at:3000'] as const) {
    it(`says what happened where ffmpeg does this: ${mode}`, async () => {
      const transcoder = transcoderFor(await sweep(), mode)
      await expect(transcoder.segment(1)).rejects.toMatchObject({ code: 'ENCODER_FAILED' })
      await transcoder.close()
    })
  }

  it('keeps the grid through a gap and after it', async () => {
    const sound = await sweep()
    const gapped: SoundInput = {
      ...sound,
      readSamples: async (from, to, signal) => {
        // Nothing from 1.5 s to 4.5 s: a whole segment and a part of those beside it.
        const pieces = [
          [from, Math.min(to, 1.5 * 48_000)],
          [Math.max(from, 4.5 * 48_000), to],
        ] as const
        const read = await Promise.all(pieces.map(([a, b]) => (a < b ? sound.readSamples(a, b, signal) : undefined)))
        return read.filter((batch): batch is SampleBatch => batch !== undefined && 'count' in batch && batch.count > 0)
      },
    }
    const reference = decode(`${media.path}/flac.mkv`, 2, 48_000)
    for (const [order, lookAhead] of [
      [[0, 1, 2, 3], 1],
      [[2, 0, 3, 1], 0],
    ] as const) {
      const transcoder = transcoderFor(gapped, undefined, lookAhead)
      const batches: SampleBatch[] = []
      for (const n of order) batches[n] = await transcoder.segment(n)
      await transcoder.close()
      const times = batches.flatMap(batch => [...batch.dts])
      expect(times).toEqual(times.map((_, i) => (i - 1) * 1024))
      const pcm = decode(
        toAdts(
          batches.flatMap(batch => [...batch.data]),
          48_000,
          2,
        ),
        2,
        48_000,
      ).subarray(2048)
      const at = (seconds: number): number => Math.round(seconds * 48_000) * 2
      expect(pcm.subarray(at(2), at(4)).every(sample => Math.abs(sample) < 0.01)).toBe(true)
      expect(snrDb(reference, at(1), pcm, at(1), 8192)).toBeGreaterThan(20)
      expect(snrDb(reference, at(5.5), pcm, at(5.5), 8192)).toBeGreaterThan(20)
    }
  })

  it('ends what the caller gives up', async () => {
    const transcoder = transcoderFor(await sweep(), 'hang')
    const controller = new AbortController()
    const segment = transcoder.segment(0, controller.signal)
    controller.abort()
    await expect(segment).rejects.toMatchObject({ code: 'ABORTED' })
    await transcoder.close()
    expect(registries[0]?.size).toBe(0)
  })

  it('refuses what AAC can not be', async () => {
    const sound = await sweep()
    const make = (sampleRate: number, channels: number): AudioTranscoder =>
      new AudioTranscoder({
        ffmpeg: new FfmpegRegistry(),
        track: sound.track,
        input: sound.readSamples,
        segments: { times: [0], timescale: 1 },
        target: { codec: 'aac', channels, bitrateBps: 192_000, sampleRate },
      })
    expect(() => make(44_000, 2)).toThrow('target.sampleRate is 44000')
    expect(() => make(48_000, 7)).toThrow('target.channels is 7')
    await expect(make(48_000, 2).segment(1)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})
