// Films one after the other: all frames and all sound of each, in one presentation.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { joinMedia, openMedia } from 'cuemux'
import { describe, expect, test } from 'vitest'
import { decodeFrames } from '../hls-check/decode.js'
import { makeMedia } from '../media/media.js'

describe('films that are joined', () => {
  test('have a discontinuity between them, and every frame of both', async () => {
    const names = ['h264_aac.mp4', 'h264_44100.mkv'] as const
    const sources = await Promise.all(names.map(makeMedia))
    const films = await Promise.all(sources.map(source => openMedia(source)))
    const folder = await mkdtemp(path.join(tmpdir(), 'cuemux-joined-'))
    try {
      const joined = await joinMedia(films)
      for (const entry of await joined.resources()) {
        const { pieces } = await joined.resource(entry.path)
        const file = path.join(folder, entry.path)
        await mkdir(path.dirname(file), { recursive: true })
        await writeFile(file, Buffer.concat(pieces))
      }
      const text = async (name: string): Promise<string> =>
        Buffer.concat((await joined.resource(name)).pieces).toString()
      expect(await text('master.m3u8')).toMatch(
        /^#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio".*URI="audio-1\/playlist.m3u8"\n#EXT-X-STREAM-INF:BANDWIDTH=\d+,AVERAGE-BANDWIDTH=\d+,CODECS="avc1[^"]+",RESOLUTION=640x360,.*\nmain\/playlist.m3u8\n$/,
      )
      for (const name of ['main', 'audio-1']) {
        const playlist = await text(`${name}/playlist.m3u8`)
        expect(playlist.match(/#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI="\.\.\/2\//g)).toHaveLength(1)
        expect(playlist.match(/#EXTINF/g)).toHaveLength(9)
      }
      const expected = await Promise.all(sources.map(decodeFrames))
      // ffmpeg loses a frame where times go back: each stretch is decoded by itself.
      const stretches = (await text('main/playlist.m3u8')).split('#EXT-X-DISCONTINUITY')
      for (const [i, stretch] of stretches.entries()) {
        const init = /URI="(.*)"/.exec(stretch)?.[1] ?? ''
        const segments = stretch.split('\n').filter(line => line.startsWith('../'))
        const parts = [init, ...segments].map(async at => (await joined.resource(at.slice(3))).pieces)
        const file = path.join(folder, `stretch-${i}.mp4`)
        await writeFile(file, Buffer.concat((await Promise.all(parts)).flat()))
        const hashes = (await decodeFrames(file)).map(({ hash }) => hash)
        expect(hashes).toEqual(expected[i]?.map(({ hash }) => hash))
      }
      const whole = await decodeFrames(path.join(folder, 'main/playlist.m3u8'))
      expect(whole.length).toBeGreaterThanOrEqual(expected.flat().length - 1)
    } finally {
      for (const film of films) await film.close()
      await rm(folder, { recursive: true, force: true })
    }
  })

  test('have a gap where one has no sound, and are refused where only some have a picture', async () => {
    const [film, silent, sound] = await Promise.all(
      ['h264_aac.mp4', 'h264_videoonly.mkv', 'aac_only.m4a'].map(async name => openMedia(await makeMedia(name))),
    )
    try {
      const joined = await joinMedia([film!, silent!])
      const { pieces } = await joined.resource('audio-1/playlist.m3u8')
      expect(
        Buffer.concat(pieces)
          .toString()
          .match(/#EXT-X-GAP/g),
      ).toHaveLength(5)
      await expect(joinMedia([film!, sound!])).rejects.toMatchObject({ code: 'BAD_REQUEST' })
      await expect(joinMedia([])).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    } finally {
      for (const one of [film, silent, sound]) await one?.close()
    }
  })
})
