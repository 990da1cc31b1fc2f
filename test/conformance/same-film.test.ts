// One film in four containers: its presentations must not differ in what a viewer sees and hears, and when.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { decodeFrames, decodeSound, type Frame, firstTime, PCM_RATE } from '../hls-check/decode.js'
import { Findings } from '../hls-check/findings.js'
import { readMedia } from '../hls-check/playlist.js'
import { findShift } from '../hls-check/sound.js'
import { makeMedia } from '../media/media.js'
import { presentFile } from '../support/presentation.js'

/** Length of a frame of the film, s. */
const FRAME = 1 / 24

/** What a player makes of a presentation. */
interface Played {
  /** Where segments of the picture start, s after the first. */
  readonly starts: readonly number[]
  readonly frames: readonly Frame[]
  readonly sound: Int16Array
  /** Time of the first sample of `sound`, s. */
  readonly soundTime: number
}

const playing = new Map<string, Promise<Played>>()

function play(name: string): Promise<Played> {
  const played = playing.get(name) ?? playAnew(name)
  playing.set(name, played)
  return played
}

async function playAnew(name: string): Promise<Played> {
  const { presentation, load, close } = await presentFile(await makeMedia(name))
  const folder = await mkdtemp(path.join(tmpdir(), 'cuemux-same-'))
  try {
    const resources = await presentation.resources()
    const join = async (kind: 'video' | 'audio'): Promise<string> => {
      const own = resources.filter(({ path: at }) => at.startsWith(kind) && !at.endsWith('.m3u8'))
      const file = path.join(folder, `${kind}.mp4`)
      await writeFile(file, Buffer.concat(await Promise.all(own.map(({ path: at }) => load(at)))))
      return file
    }
    const playlist = resources.find(({ path: at }) => at.startsWith('video') && at.endsWith('.m3u8'))?.path ?? ''
    const { segments } = readMedia(Buffer.from(await load(playlist)).toString(), playlist, new Findings())
    const [video, audio] = [await join('video'), await join('audio')]
    const [frames, sound, soundTime] = await Promise.all([
      decodeFrames(video),
      decodeSound(audio),
      firstTime(audio, 'a:0'),
    ])
    let start = 0
    const starts = segments.map(({ seconds }) => (start += seconds) - seconds)
    return { starts, frames, sound, soundTime: soundTime ?? Number.NaN }
  } finally {
    await rm(folder, { recursive: true, force: true })
    await close()
  }
}

describe.each(['h264_aac.mp4', 'h264_aac_fast.mp4', 'h264_aac.mov', 'h264_aac_frag.mp4', 'h264_aac.ts'])(
  '%s beside the MKV that it was made from',
  name => {
    test('has segments at the same times', async () => {
      const [mkv, other] = [await play('h264_aac.mkv'), await play(name)]
      expect(mkv.starts).toHaveLength(5)
      expect(other.starts).toHaveLength(mkv.starts.length)
      const worst = Math.max(...mkv.starts.map((start, i) => Math.abs(start - (other.starts[i] ?? Number.NaN))))
      expect(worst).toBeLessThanOrEqual(FRAME)
    })

    test('shows the same frames at the same times', async () => {
      const [mkv, other] = [await play('h264_aac.mkv'), await play(name)]
      expect(mkv.frames).toHaveLength(720)
      expect(other.frames.map(({ hash }) => hash)).toEqual(mkv.frames.map(({ hash }) => hash))
      const since = ({ frames }: Played): number[] => frames.map(({ time }) => time - (frames[0]?.time ?? 0))
      const [a, b] = [since(mkv), since(other)]
      // MKV's times are rounded to 1 ms, and so are those of what was made from it.
      expect(Math.max(...a.map((time, i) => Math.abs(time - (b[i] ?? 0))))).toBeLessThanOrEqual(0.0011)
    })

    test('sounds the same, as far from the picture', async () => {
      const [mkv, other] = [await play('h264_aac.mkv'), await play(name)]
      // A sample of the sound, found in both by what it sounds like, against the first frame.
      const shift = findShift(mkv.sound, other.sound) / PCM_RATE
      const offset = ({ soundTime, frames }: Played): number => soundTime - (frames[0]?.time ?? 0)
      expect(Math.abs(offset(other) + shift - offset(mkv)) * 1000).toBeLessThanOrEqual(1)
    })
  },
)
