import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AudioTrack, SampleBatch, VideoTrack } from '@cuemux/core'
import { afterAll, describe, expect, it } from 'vitest'
import { decode, MediaFolder, SWEEP, snrDb, sourceOf, toAdts } from '../../testing/films.js'
import { AudioTranscoder } from '../audio/audio-transcoder.js'
import { FfmpegRegistry } from '../process/registry.js'
import { fixedVideoPlan } from '../video/fixed-plan.js'
import { LoopbackServer } from './loopback.js'
import { probeWithFfprobe } from './probe.js'

const media = new MediaFolder()
const ffmpeg = new FfmpegRegistry()
const server = new LoopbackServer()
afterAll(async () => {
  await ffmpeg.closeAll()
  await media.remove()
})

async function avi(): Promise<string> {
  return media.make(
    'film.avi',
    ...['-f', 'lavfi', '-i', 'testsrc2=s=192x108:r=24:d=9', '-f', 'lavfi', '-i', `${SWEEP}:s=48000:d=9`],
    ...['-c:v', 'mpeg4', '-q:v', '5', '-c:a', 'mp2', '-b:a', '192k'],
  )
}

describe('probeWithFfprobe', () => {
  it('tells the tracks of a container that only ffmpeg reads', async () => {
    const input = await server.serve(sourceOf(await avi()))
    const { format, durationMs, streams } = await probeWithFfprobe(ffmpeg, input.url)
    expect([format, Math.round(durationMs ?? 0)]).toEqual(['avi', 9000])
    const [video, audio] = streams.map(({ track }) => track) as [VideoTrack, AudioTrack]
    expect(video).toMatchObject({
      id: 1,
      codec: 'mpeg4',
      width: 192,
      height: 108,
      timescale: 24_000,
      frameDuration: 1000,
    })
    expect(audio).toMatchObject({ id: 2, codec: 'mp2', sampleRate: 48_000, channels: 2, start: 0 })
    const plan = fixedVideoPlan(video, 9000, 2000)
    expect(Array.from(plan.times)).toEqual([0, 48_000, 96_000, 144_000, 192_000])
    await input.close()
  })

  it('lets sound of such a container be made in any order', async () => {
    const path = await avi()
    const input = await server.serve(sourceOf(path))
    const { streams } = await probeWithFfprobe(ffmpeg, input.url)
    const [, { track, streamIndex } = { track: undefined, streamIndex: -1 }] = streams
    const reference = decode(path, 2, 48_000)
    for (const order of [
      [0, 1, 2, 3],
      [2, 0, 3, 1],
    ]) {
      const transcoder = new AudioTranscoder({
        ffmpeg,
        track: track as AudioTrack,
        input: { input, streamIndex },
        segments: { times: [0, 2, 4, 6], timescale: 1 },
        target: { codec: 'aac', channels: 2, bitrateBps: 192_000, sampleRate: 48_000 },
      })
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
      for (const second of [1, 2, 3, 4, 5, 6, 7]) {
        const at = (second * 48_000 - 2048) * 2
        expect(snrDb(reference, at, pcm, at, 8192)).toBeGreaterThan(20)
      }
    }
    await input.close()
  })

  it('refuses what is no media, and lists that would lead elsewhere', async () => {
    for (const text of [
      'hello',
      '#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nhttp://127.0.0.1:1/a.ts\n#EXT-X-ENDLIST\n',
    ]) {
      writeFileSync(join(media.path, 'text'), text.padEnd(5000, '\n'))
      const input = await server.serve(sourceOf(join(media.path, 'text')))
      await expect(probeWithFfprobe(ffmpeg, input.url)).rejects.toMatchObject({ code: 'UNSUPPORTED_CONTAINER' })
      await input.close()
    }
  })
})
