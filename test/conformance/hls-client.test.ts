// ffmpeg as an HLS client over HTTP: players that stand on libavformat (mpv, Kodi, VLC in part) see what it sees.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createHandler, toNodeListener } from 'cuemux'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decodeErrors, decodeFrames, decodeSound, firstTime, PCM_RATE } from '../hls-check/decode.js'
import { findShift } from '../hls-check/sound.js'
import { makeMedia } from '../media/media.js'
import { runOrThrow } from '../support/process.js'

const NAMES = ['h264_aac.mkv', 'h264_lateaudio.mkv', 'h264_offset10.mkv', 'h264_opengop.mkv', 'h264_aac.mp4'] as const

let server: Server
let origin = ''
const files = new Map<string, string>()
beforeAll(async () => {
  for (const name of [...NAMES, 'clock_languages.mkv']) files.set(name, await makeMedia(name))
  const listener = toNodeListener(createHandler({ resolve: id => files.get(id) }))
  server = createServer(listener)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => new Promise(resolve => server?.close(resolve)))

/** Time of the first picture after the first sample of `reference`'s sound, s. */
async function pictureAfterSound(input: string, shift: number): Promise<number> {
  const [picture = Number.NaN, sound = Number.NaN] = await Promise.all([
    firstTime(input, 'v:0'),
    firstTime(input, 'a:0'),
  ])
  return picture - (sound + shift / PCM_RATE)
}

describe.each(NAMES)('%s', name => {
  test('has every frame, and picture and sound as far from each other as in the film', async () => {
    const source = files.get(name) ?? ''
    const client = `${origin}/${name}/master.m3u8`
    expect(await decodeErrors(client)).toEqual([])
    const [expected, shown] = [await decodeFrames(source), await decodeFrames(client)]
    expect(shown.map(({ hash }) => hash)).toEqual(expected.map(({ hash }) => hash))
    const shift = findShift(await decodeSound(source), await decodeSound(client))
    const moved = (await pictureAfterSound(client, shift)) - (await pictureAfterSound(source, 0))
    expect(Math.abs(moved)).toBeLessThan(0.002)
  })
})

test('a subtitle rendition is read with its texts at their times', async () => {
  const address = `${origin}/clock_languages.mkv/text-5/playlist.m3u8`
  const { stdout } = await runOrThrow('ffmpeg', ['-v', 'error', '-i', address, '-f', 'srt', '-'])
  const srt = stdout.toString()
  // A cue over a boundary is in both segments.
  expect(new Set(srt.match(/.* --> .*/g)).size).toBe(4)
  expect(srt).toContain('Renglón 8 <i>s</i> & more')
})
