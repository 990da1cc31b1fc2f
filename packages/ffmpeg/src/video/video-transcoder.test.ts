import { execFileSync } from 'node:child_process'
import type { SampleBatch } from '@cuemux/core'
import { afterAll, describe, expect, it } from 'vitest'
import { type FakeMode, fakeFfmpeg } from '../../testing/fakes.js'
import { MediaFolder, sourceOf } from '../../testing/films.js'
import { decodeLuma, psnrDb, SIZE, toAnnexB } from '../../testing/pictures.js'
import type { KeyframePlan } from '../arguments/job.js'
import { LoopbackServer } from '../input/loopback.js'
import { FfmpegRegistry } from '../process/registry.js'
import { EncoderHealth, type EncoderTrouble } from './encoder-health.js'
import type { VideoEncoding } from './video-arguments.js'
import type { VideoPlan } from './video-grid.js'
import { VideoTranscoder } from './video-transcoder.js'

const media = new MediaFolder()
const ffmpeg = new FfmpegRegistry()
const server = new LoopbackServer()
afterAll(async () => {
  await ffmpeg.closeAll()
  await media.remove()
})

function x264(keyframes: KeyframePlan): { inputArguments: string[]; outputArguments: string[] } {
  const times = 'times' in keyframes ? keyframes.times.map(time => (time / keyframes.timescale - 0.002).toFixed(6)) : []
  return {
    inputArguments: [],
    outputArguments: [
      ...['-map', '0:v:0', '-vf', 'format=yuv420p', '-fps_mode', 'passthrough', '-enc_time_base', '1:90000'],
      ...['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '18', '-g', '9999', '-forced-idr', '1'],
      ...(times.length > 0 ? ['-force_key_frames', times.join(',')] : []),
    ],
  }
}

/** Tells the stand-in how to misbehave: it looks for this among its arguments. */
function asFake(mode: FakeMode, { inputArguments, outputArguments }: VideoEncoding): VideoEncoding {
  return { inputArguments: [`fake=${mode}`, ...inputArguments], outputArguments }
}

interface Film {
  readonly path: string
  readonly plan: VideoPlan
}

const X264_SOURCE = ['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '15', '-g', '37', '-bf', '3']
const pattern = (rate: string): readonly string[] => [
  ...['-f', 'lavfi', '-i', `testsrc2=s=${SIZE.width}x${SIZE.height}:r=${rate}:d=9`, '-pix_fmt', 'yuv420p'],
]

async function film(name: string, rate: string, timescale: number, frame: number, ...more: string[]): Promise<Film> {
  const path = await media.make(name, ...pattern(rate), ...X264_SOURCE, ...more)
  const times = Array.from({ length: 5 }, (_, n) => Math.ceil((2 * n * timescale) / frame) * frame)
  return { path, plan: { timescale, times, start: 0, frameDuration: frame, nominalDuration: frame } }
}

async function segmentsOf({ path, plan }: Film, order: readonly number[]): Promise<[Uint8Array, SampleBatch[]]> {
  const input = await server.serve(sourceOf(path))
  const transcoder = new VideoTranscoder({
    ffmpeg,
    input,
    trackId: 1,
    plan,
    encoders: [{ family: 'software', encoding: x264 }],
  })
  const batches: SampleBatch[] = []
  for (const n of order) batches[n] = await transcoder.segment(n)
  const { config } = await transcoder.description()
  await transcoder.close()
  await input.close()
  return [config, batches]
}

/** Presentation times of a film's frames, s, as ffmpeg reads them. */
function timesOf(path: string): number[] {
  const args = ['-v', 'error', '-i', path, '-map', '0:v', '-c', 'copy', '-copyts', '-f', 'framecrc', '-']
  const lines = execFileSync('ffmpeg', args).toString().split('\n')
  const [, above, below] = /^#tb 0: (\d+)\/(\d+)$/m.exec(lines.join('\n')) ?? []
  const pts = lines.filter(line => line.startsWith('0,')).map(line => Number(line.split(',')[2]))
  return pts.map(time => (time * Number(above)) / Number(below)).sort((a, b) => a - b)
}

function presentationTimes(batches: readonly SampleBatch[]): number[] {
  const times = batches.flatMap(batch => [...batch.dts].map((dts, i) => dts + batch.compositionOffset[i]!))
  return times.sort((a, b) => a - b)
}

describe('VideoTranscoder', () => {
  const films: readonly (readonly [string, () => Promise<Film>])[] = [
    ['24', () => film('24.mkv', '24', 24, 1)],
    ['30000/1001', () => film('2997.mkv', '30000/1001', 30000, 1001)],
    ['25 in MP4', () => film('25.mp4', '25', 25, 1)],
    [
      '25 in TS',
      async () => {
        const made = await film('25.ts', '25', 25, 1)
        return { ...made, plan: { ...made.plan, clockOffsetUs: -Math.round(timesOf(made.path)[0]! * 1e6) } }
      },
    ],
    ['25 in AVI', async () => ({ ...(await film('25.avi', '25', 25, 1, '-c:v', 'mpeg4', '-bf', '0', '-q:v', '2')) })],
    [
      'variable',
      async () => {
        const path = await media.make(
          'vfr.mkv',
          ...pattern('24'),
          '-vf',
          "select='not(eq(mod(n\\,7)\\,3))'",
          '-fps_mode',
          'vfr',
          ...X264_SOURCE,
        )
        return {
          path,
          plan: {
            timescale: 1000,
            times: [0, 2000, 4000, 6000, 8000],
            start: 0,
            frameDuration: undefined,
            nominalDuration: 42,
          },
        }
      },
    ],
  ]
  for (const [name, make] of films) {
    it(`gives every frame of ${name} frames a second once, in order and in any order`, async () => {
      const made = await make()
      const { timescale, frameDuration, clockOffsetUs = 0, times } = made.plan
      const wanted = timesOf(made.path).map(time => Math.round((time + clockOffsetUs / 1e6) * timescale))
      const source = decodeLuma(made.path)
      for (const order of [
        [0, 1, 2, 3, 4],
        [3, 1, 4, 0, 2],
      ]) {
        const [config, batches] = await segmentsOf(made, order)
        const shown = presentationTimes(batches)
        if (frameDuration === undefined) expect(shown).toEqual(wanted)
        else expect(shown).toEqual(source.map((_, i) => i * frameDuration))
        let next = batches[0]!.dts[0]!
        for (const [n, batch] of batches.entries()) {
          expect(batch.dts[0]).toBe(next)
          expect(batch.flags[0]).toBe(1)
          const first = presentationTimes([batch])[0]!
          expect(first).toBeGreaterThanOrEqual(times[n]!)
          expect(Math.min(...batch.compositionOffset)).toBeGreaterThanOrEqual(0)
          next += batch.duration.reduce((sum, duration) => sum + duration, 0)
        }
        const decoded = decodeLuma(toAnnexB(config, batches))
        expect(decoded.length).toBe(source.length)
        const worst = Math.min(...decoded.map((frame, i) => psnrDb(frame, source[i]!)))
        expect(worst).toBeGreaterThan(30)
      }
    })
  }

  it('goes on in software where the hardware has no session left or dies, and says so', async () => {
    const made = await film('trouble.mkv', '24', 24, 1)
    const input = await server.serve(sourceOf(made.path))
    for (const [mode, kind] of [
      ['nvenc-session', 'session-limit'],
      ['die-at:20000', 'other'],
      ['garbage', 'other'],
    ] as const) {
      const troubles: EncoderTrouble[] = []
      const registry = new FfmpegRegistry({ ffmpegPath: fakeFfmpeg(media.path, 'real') })
      const transcoder = new VideoTranscoder({
        ffmpeg: registry,
        input,
        trackId: 1,
        plan: made.plan,
        health: new EncoderHealth({ onTrouble: trouble => troubles.push(trouble) }),
        encoders: [
          { family: 'nvenc', encoding: keyframes => asFake(mode, x264(keyframes)) },
          { family: 'software', encoding: x264 },
        ],
      })
      const counts: number[] = []
      for (const n of [0, 1, 2, 3, 4]) counts.push((await transcoder.segment(n)).count)
      expect(counts).toEqual([48, 48, 48, 48, 24])
      expect(troubles.map(trouble => [trouble.family, trouble.kind])).toEqual([['nvenc', kind]])
      await transcoder.close()
      await registry.closeAll()
    }
    await input.close()
  })
})
