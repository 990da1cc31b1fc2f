// A part of a film: its sound to the frame, its picture from the keyframe before, both on one timeline.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decodeErrors, decodeFrames, decodeSound, firstTime, PCM_RATE } from '../hls-check/decode.js'
import { judge } from '../hls-check/judge.js'
import { findShift, signalToNoise } from '../hls-check/sound.js'
import { makeMedia } from '../media/media.js'
import { presentFile } from '../support/presentation.js'

const [START, END] = [7.3, 20.5]
/** Number of the last keyframe before the start. */
const KEYFRAME = 144
let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cuemux-clip-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe.each(['h264_aac.mkv', 'h264_aac.mp4', 'h264_aac.ts'])('%s from 7.3 s to 20.5 s', name => {
  test('has just the sound of that time, its pictures from the keyframe on, and says where to begin', async () => {
    const source = await makeMedia(name)
    const { presentation, load, close } = await presentFile(source, { startMs: START * 1000, endMs: END * 1000 })
    try {
      const resources = await presentation.resources()
      const join = async (kind: string): Promise<string> => {
        const own = resources.filter(({ path: at }) => at.startsWith(kind) && !at.endsWith('.m3u8'))
        const file = path.join(folder, `${name}-${kind}.mp4`)
        await writeFile(file, Buffer.concat(await Promise.all(own.map(({ path: at }) => load(at)))))
        return file
      }
      const [video, audio] = [await join('video'), await join('audio')]
      for (const file of [video, audio]) expect(await decodeErrors(file)).toEqual([])
      const playlist = resources.find(({ path: at }) => /^video.*m3u8$/.test(at))?.path ?? ''
      const text = Buffer.from(await load(playlist)).toString()
      const offset = Number(/#EXT-X-START:TIME-OFFSET=([\d.]+),PRECISE=YES/.exec(text)?.[1])
      // Keyframes are 2 s apart.
      expect(offset).toBeCloseTo(1.3, 1)
      const count = Math.ceil((END - START + offset) * 24 - 0.05)
      const wanted = (await decodeFrames(source)).slice(KEYFRAME, KEYFRAME + count)
      const frames = await decodeFrames(video)
      const shown = frames.filter(({ time }) => time < (frames[0]?.time ?? 0) + offset + END - START - 0.001)
      expect(shown.map(({ hash }) => hash)).toEqual(wanted.slice(0, shown.length).map(({ hash }) => hash))
      expect(Math.abs(shown.length - wanted.length)).toBeLessThanOrEqual(1)
      const [sound, whole] = [await decodeSound(audio), await decodeSound(source)]
      // To the frame of 1024 samples on both sides.
      expect(Math.abs(sound.length / PCM_RATE - (END - START))).toBeLessThan((2 * 1024) / PCM_RATE)
      const from = Math.round((START - 0.05) * PCM_RATE)
      const shift = findShift(whole.subarray(from), sound)
      const startOfSound = ((await firstTime(audio, 'a:0')) ?? 0) - ((await firstTime(video, 'v:0')) ?? 0)
      const heard = (from - shift) / PCM_RATE
      // The first frame has no one before it to be added to.
      expect(signalToNoise(whole.subarray(from), sound, shift, 4096, sound.length - 8192)).toBeGreaterThan(60)
      expect(Math.abs(startOfSound - (heard - (START - offset)))).toBeLessThan(0.002)
    } finally {
      await close()
    }
  })
})

const PART = { startMs: 3000, endMs: 9500 }
const COPIED = ['h264_aac.mkv', 'h264_aac.mp4', 'h264_aac.ts', 'h264_opengop.mkv', 'aac_only.mka', 'aac_only.m4a']
const ENCODED = ['h264_10bit.mkv', 'mpeg4_mp3.avi', 'mpeg2_ac3.ts', 'ac3_51.mkv']
const JUDGED = [
  ...COPIED.flatMap(name => [PART, { startMs: 3000 }, { endMs: 9500 }].map(range => [name, range] as const)),
  ...ENCODED.map(name => [name, PART] as const),
]

test.each(JUDGED)('a clip of %s, %j, keeps every rule', async (name, range) => {
  const { load, close } = await presentFile(await makeMedia(name), range)
  try {
    expect((await judge(load, {})).summary).toEqual([])
  } finally {
    await close()
  }
})

describe.each(ENCODED)('%s, encoded, from 3 s to 9.5 s', name => {
  test('has the pictures and the sound of that time, together', async () => {
    const source = await makeMedia(name)
    const { presentation, load, close } = await presentFile(source, { startMs: 3000, endMs: 9500 })
    try {
      const join = async (kind: string): Promise<string> => {
        const own = (await presentation.resources()).filter(({ path: at }) =>
          new RegExp(`^${kind}-.*(mp4|m4s)$`).test(at),
        )
        const file = path.join(folder, `${name}-${kind}.mp4`)
        await writeFile(file, Buffer.concat(await Promise.all(own.map(({ path: at }) => load(at)))))
        return file
      }
      const [video, audio] = [await join('video'), await join('audio')]
      for (const file of [video, audio]) expect(await decodeErrors(file)).toEqual([])
      const frames = (await decodeFrames(video)).length
      const rate = name === 'mpeg2_ac3.ts' ? 25 : 24
      // The picture starts with the place before 3 s at which the film can be cut.
      expect(frames / rate).toBeGreaterThanOrEqual(6.4)
      expect(frames / rate).toBeLessThan(8.6)
      const [sound, whole] = [await decodeSound(audio), await decodeSound(source)]
      expect(Math.abs(sound.length / PCM_RATE - 6.5)).toBeLessThan(0.08)
      const from = Math.round(2.9 * PCM_RATE)
      const shift = findShift(whole.subarray(from), sound)
      expect(signalToNoise(whole.subarray(from), sound, shift, 9600, sound.length - 9600)).toBeGreaterThan(10)
      const between = ((await firstTime(audio, 'a:0')) ?? 0) - ((await firstTime(video, 'v:0')) ?? 0)
      const [firstPicture, firstSound] = [(await firstTime(source, 'v:0')) ?? 0, (await firstTime(source, 'a:0')) ?? 0]
      const heard = (from - shift) / PCM_RATE + firstSound
      // Where the first picture lies in the film.
      const { times, timescale } = presentation.plan.segments
      const track = presentation.plan.renditions[0]?.tracks[0]
      const start = (track?.start ?? 0) / (track?.timescale ?? 1)
      const seen = firstPicture + Math.round(((times[0] ?? 0) / timescale - start) * rate) / rate
      expect(Math.abs(heard - seen - between)).toBeLessThan(0.0025)
    } finally {
      await close()
    }
  })
})
