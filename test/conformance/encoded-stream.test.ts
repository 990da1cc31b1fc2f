// A continuous stream for a client that doesn't play all of the film: what it doesn't is encoded, and stays in step.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { openMedia } from 'cuemux'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  decodeErrors,
  decodeFrames,
  decodeSound,
  type Frame,
  firstTime,
  likeness,
  PCM_RATE,
} from '../hls-check/decode.js'
import { findShift, signalToNoise } from '../hls-check/sound.js'
import { makeMedia } from '../media/media.js'
import { descendants } from '../support/children.js'
import { probeStreams } from '../support/probe.js'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cuemux-stream-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Writes a stream to a file; where it really starts, s. */
async function writeStream(source: string, file: string, startMs: number): Promise<number> {
  const media = await openMedia(source)
  try {
    const stream = await media.stream({ client: 'browser', startMs })
    expect(stream.contentType).toMatch(/^video\/mp4; codecs="avc1\.[0-9a-f]{6},mp4a\.40\.2"$/)
    const parts: Uint8Array[] = []
    for await (const pieces of stream.chunks()) parts.push(...pieces)
    expect(descendants(process.pid, 'ffmpeg')).toEqual([])
    await writeFile(file, Buffer.concat(parts))
    return stream.startMs / 1000
  } finally {
    await media.close()
  }
}

describe.each([
  ['h264_ac3.mkv', 0],
  ['h264_ac3.mkv', 7300],
  ['h264_10bit.mkv', 0],
  ['h264_10bit.mkv', 7300],
  ['mpeg4_mp3.avi', 7300],
] as const)('%s from %i ms', (name, startMs) => {
  test('has H.264 and AAC in step to 2 ms, up to its end', async () => {
    const source = await makeMedia(name)
    const file = path.join(folder, `${name}-${startMs}.mp4`)
    const start = await writeStream(source, file, startMs)
    expect(start).toBeLessThanOrEqual(startMs / 1000)
    expect(start).toBeGreaterThan(startMs / 1000 - 2.1)
    expect(await decodeErrors(file)).toEqual([])
    const codecs = (await probeStreams(file)).map(stream => stream.codec_name)
    expect(codecs).toEqual(['h264', 'aac'])
    const [whole, frames] = [await decodeFrames(source), await decodeFrames(file)]
    // The film's zero is its sound's first sample, which may come before its first frame.
    const first = Math.max(0, whole.filter(({ time }) => time <= start + 0.001).length - 1)
    const apartMs = (list: readonly Frame[]): number[] =>
      list.map(({ time }) => Math.round((time - (list[0]?.time ?? 0)) * 1000))
    expect(apartMs(frames)).toEqual(apartMs(whole.slice(first)))
    if (name === 'h264_ac3.mkv') {
      expect(frames.map(({ hash }) => hash)).toEqual(whole.slice(first).map(({ hash }) => hash))
    } else if (first === 0) {
      expect(await likeness(source, file)).toBeGreaterThan(30)
    }
    const [before, sound] = [await decodeSound(source), await decodeSound(file)]
    const from = Math.round(start * PCM_RATE)
    const shift = findShift(before.subarray(from), sound)
    const end = before.length - from - PCM_RATE / 2
    expect(signalToNoise(before.subarray(from), sound, shift, PCM_RATE, end)).toBeGreaterThan(15)
    const startOf = async (film: string): Promise<number> => (await firstTime(film, 'a:0')) ?? 0
    const apart = (await startOf(file)) + shift / PCM_RATE - (frames[0]?.time ?? 0)
    const wanted = (await startOf(source)) + from / PCM_RATE - (whole[first]?.time ?? 0)
    expect(Math.abs(apart - wanted)).toBeLessThan(0.002)
    expect(sound.length / PCM_RATE).toBeGreaterThan((before.length - from) / PCM_RATE - 0.05)
  })
})

test('a stream that is left ends its encoders, and so does closing the film', async () => {
  const media = await openMedia(await makeMedia('h264_10bit.mkv'))
  const stream = await media.stream({ client: 'browser' })
  for await (const _ of stream.chunks()) break
  expect(descendants(process.pid, 'ffmpeg')).toEqual([])
  const other = (await media.stream({ client: 'browser' })).chunks()[Symbol.asyncIterator]()
  await other.next()
  expect(descendants(process.pid, 'ffmpeg').length).toBeGreaterThan(0)
  await media.close()
  expect(descendants(process.pid, 'ffmpeg')).toEqual([])
})
