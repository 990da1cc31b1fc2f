// Pictures for a seek bar: the tile of a time shows the film at that time, to the keyframe.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parsePlaylist } from '@cuemux/playlist'
import { describe, expect, test } from 'vitest'
import { readCells } from '../hls-check/clock-cells.js'
import { makeMedia } from '../media/media.js'
import { presentFile } from '../support/presentation.js'
import { runOrThrow } from '../support/process.js'

const CELLS = 20

/** Number of the frame in a tile: the row of cells at its bottom. */
async function frameIn(image: string, { x, y, width, height }: Record<'x' | 'y' | 'width' | 'height', number>) {
  const crop = `crop=${width}:${height}:${x}:${y},crop=iw:ih/15:0:ih-oh,scale=${CELLS}:1:flags=area,format=gray`
  const args = ['-v', 'error', '-i', image, '-vf', crop, '-f', 'rawvideo', '-']
  return readCells([...(await runOrThrow('ffmpeg', args)).stdout])
}

describe.each(['clock_languages.mkv', 'clock_languages.mp4'])('%s', name => {
  test('has tiles that show the film at their times', async () => {
    const { presentation, load, close } = await presentFile(await makeMedia(name), { storyboard: true })
    const folder = await mkdtemp(path.join(tmpdir(), 'cuemux-tiles-'))
    try {
      const text = async (at: string): Promise<string> => Buffer.from(await load(at)).toString()
      const cues = [...(await text('storyboard.vtt')).matchAll(/(\d\d:\d\d:\d\d\.\d{3}) --> .*\n(.*)#xywh=(.*)\n/g)]
      expect(cues.map(([, start]) => start)).toEqual(['00:00:00.000', '00:00:05.000', '00:00:10.000', '00:00:15.000'])
      const image = path.join(folder, 'tiles.jpg')
      await writeFile(image, await load('storyboard/0.jpg'))
      for (const [i, [, , uri, place = '']] of cues.entries()) {
        expect(uri).toBe('storyboard/0.jpg')
        const [x = 0, y = 0, width = 0, height = 0] = place.split(',').map(Number)
        const frame = await frameIn(image, { x, y, width, height })
        // Keyframes are 2 s apart; the tile of five seconds shows the last one before its middle.
        const middle = Math.min(i * 5 + 2.5, 16) * 24
        expect(frame % 48).toBe(0)
        expect(frame).toBeLessThanOrEqual(middle)
        expect(frame).toBeGreaterThan(middle - 49)
      }
      const master = await text('master.m3u8')
      expect(master).toMatch(
        /#EXT-X-IMAGE-STREAM-INF:BANDWIDTH=\d+,RESOLUTION=240x136,CODECS="jpeg",URI="storyboard.m3u8"/,
      )
      const playlist = parsePlaylist(await text('storyboard.m3u8'), { strict: true })
      expect(playlist.kind === 'media' && playlist.segments.map(({ uri, tiles }) => [uri, tiles?.columns])).toEqual([
        ['storyboard/0.jpg', 5],
      ])
      const entries = await presentation.resources()
      expect(entries.filter(({ path: at }) => at.startsWith('storyboard')).map(({ path: at }) => at)).toEqual([
        'storyboard.vtt',
        'storyboard.m3u8',
        'storyboard/0.jpg',
      ])
      await expect(load('storyboard/1.jpg')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    } finally {
      await close()
      await rm(folder, { recursive: true, force: true })
    }
  })
})

test('there is none unless it is asked for', async () => {
  const { load, close } = await presentFile(await makeMedia('clock_languages.mkv'))
  await expect(load('storyboard.vtt')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect(Buffer.from(await load('master.m3u8')).toString()).not.toContain('IMAGE')
  await close()
})
