import type { SampleBatch } from '@cuemux/core'
import { afterAll, describe, expect, it } from 'vitest'
import { encoderNamed, videoJob } from '../testing/encoders.js'
import { decode, MediaFolder, openSound, SWEEP, snrDb, sourceOf, toAdts } from '../testing/films.js'
import { decodeLuma, psnrDb, SIZE, toAnnexB } from '../testing/pictures.js'
import { audioEncodeArguments } from './arguments/audio.js'
import { videoEncodeArguments } from './arguments/video.js'
import { AudioTranscoder } from './audio/audio-transcoder.js'
import { LoopbackServer } from './input/loopback.js'
import { FfmpegRegistry } from './process/registry.js'
import { VideoTranscoder } from './video/video-transcoder.js'

const media = new MediaFolder()
const ffmpeg = new FfmpegRegistry()
afterAll(async () => {
  await ffmpeg.closeAll()
  await media.remove()
})

describe('the argument lists in runs', () => {
  it('mixes 5.1 to stereo, joined without a click', async () => {
    const pan = 'pan=5.1|FL=c0|FR=c1|FC=0.5*c0+0.5*c1|LFE=0.1*c0|BL=c0|BR=c1'
    const input = ['-f', 'lavfi', '-i', `${SWEEP}:s=48000:d=8`, '-af', pan]
    const sound = await openSound(await media.make('ac3.mkv', ...input, '-c:a', 'ac3', '-b:a', '448k'))
    const encoding = audioEncodeArguments({
      ...{ codec: 'ac3', channelsIn: 6, layout: '5.1(side)', sampleRateIn: 48_000, target: 'aac', channelsOut: 2 },
    })
    const { channels, bitrateBps, sampleRate } = encoding
    const pcm: Float32Array[] = []
    for (const [order, lookAheadSegments] of [
      [[0, 1, 2, 3], 2],
      [[3, 1, 2, 0], 0],
    ] as const) {
      const transcoder = new AudioTranscoder({
        ...{ ffmpeg, track: sound.track, input: sound.readSamples, encoding, lookAheadSegments },
        target: { codec: 'aac', channels, bitrateBps, sampleRate },
        segments: { times: [0, 2, 4, 6], timescale: 1 },
      })
      const batches: SampleBatch[] = []
      for (const n of order) batches[n] = await transcoder.segment(n)
      await transcoder.close()
      pcm.push(
        decode(
          toAdts(
            batches.flatMap(batch => [...batch.data]),
            sampleRate,
            2,
          ),
          2,
          sampleRate,
        ),
      )
    }
    const [inOrder, shuffled] = pcm as [Float32Array, Float32Array]
    for (const second of [1, 2, 3, 4, 5, 6, 7]) {
      const at = second * 48_000 * 2
      expect(snrDb(inOrder, at, shuffled, at, 8192)).toBeGreaterThan(20)
    }
  })

  it('encodes video on the plan', async () => {
    const source = ['-f', 'lavfi', '-i', `testsrc2=s=${SIZE.width}x${SIZE.height}:r=25:d=6`, '-c:v', 'libx264']
    const path = await media.make('film.mkv', ...source, '-preset', 'veryfast', '-crf', '12', '-pix_fmt', 'yuv420p')
    const server = new LoopbackServer()
    const input = await server.serve(sourceOf(path))
    const job = videoJob({ ...SIZE, frameRate: [25, 1] }, { rate: { quality: 'high' } })
    const transcoder = new VideoTranscoder({
      ...{ ffmpeg, input, trackId: 1 },
      plan: { timescale: 25, times: [0, 50, 100], start: 0, frameDuration: 1, nominalDuration: 1 },
      encoders: [
        {
          family: 'software',
          encoding: keyframes =>
            videoEncodeArguments({ ...job, target: { ...job.target, keyframes } }, encoderNamed('libx264')),
        },
      ],
    })
    const batches: SampleBatch[] = []
    for (const n of [2, 0, 1]) batches[n] = await transcoder.segment(n)
    const { config, codecString } = await transcoder.description()
    expect(codecString).toMatch(/^avc1\.64/)
    expect(batches.map(({ count, dts }) => [dts[0], count])).toEqual([
      [-2, 50],
      [48, 50],
      [98, 50],
    ])
    const wanted = decodeLuma(path)
    const got = decodeLuma(toAnnexB(config, batches))
    expect(got.length).toBe(wanted.length)
    expect(Math.min(...got.map((frame, i) => psnrDb(frame, wanted[i]!)))).toBeGreaterThan(30)
    await transcoder.close()
    await input.close()
  })
})
