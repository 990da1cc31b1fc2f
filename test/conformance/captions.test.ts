// Closed captions in the picture as renditions of text, and by their channel for clients that decode them.
import { parseSubtitleFile } from '@cuemux/text'
import { describe, expect, test } from 'vitest'
import { CAPTIONS } from '../media/edits.js'
import { makeMedia } from '../media/media.js'
import { presentFile } from '../support/presentation.js'

describe.each(['captions.mkv', 'captions.mp4', 'captions.ts'])('%s', name => {
  test('has a rendition of text for each channel, with the captions at their times', async () => {
    const { presentation, load, close } = await presentFile(await makeMedia(name))
    const text = async (at: string): Promise<string> => Buffer.from(await load(at)).toString()
    try {
      const master = await text('master.m3u8')
      expect(master).toContain(
        '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="subtitles",NAME="Closed captions CC1",LANGUAGE="und",DEFAULT=NO,AUTOSELECT=YES,' +
          'CHARACTERISTICS="public.accessibility.transcribes-spoken-dialog,public.accessibility.describes-music-and-sound",' +
          'URI="captions-cc1/playlist.m3u8"',
      )
      expect(master).toContain('SUBTITLES="subtitles",CLOSED-CAPTIONS=NONE')
      const playlist = await text('captions-cc1/playlist.m3u8')
      expect(playlist.match(/\.vtt\n/g)).toHaveLength(3)
      // Where the picture starts on the presentation's timeline, ms: the first caption is a second behind it.
      const { cues } = parseSubtitleFile(await load('captions-cc1/all.vtt'))
      expect(cues.map(({ payload }) => payload)).toEqual(CAPTIONS.CC1.flatMap(({ rows }) => rows))
      const offsetUs = (cues[0]?.startUs ?? 0) - 1e6
      expect(Math.abs(offsetUs)).toBeLessThan(150_000)
      for (const [i, { startUs, endUs }] of CAPTIONS.CC1.entries()) {
        // A caption is sent in two bytes a picture: it is there within a few pictures.
        expect(Math.abs((cues[i]?.startUs ?? 0) - startUs - offsetUs)).toBeLessThan(90_000)
        expect(Math.abs((cues[i]?.endUs ?? 0) - endUs - offsetUs)).toBeLessThan(90_000)
      }
      const spanning = await Promise.all([0, 1].map(n => text(`captions-cc3/${n}.vtt`)))
      for (const segment of spanning) expect(segment).toContain('A &lt;b&gt; &amp; two\nrows')
      const resources = await presentation.resources()
      expect(resources.filter(({ kind }) => kind === 'text')).toHaveLength(2 * 4)
    } finally {
      await close()
    }
  })

  test('names the channels for a client that decodes them by itself', async () => {
    const { presentation, load, close } = await presentFile(await makeMedia(name), { client: 'safari' })
    try {
      const master = Buffer.from(await load('master.m3u8')).toString()
      for (const channel of ['CC1', 'CC3']) {
        expect(master).toContain(
          `#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="captions",NAME="${channel}",LANGUAGE="und",DEFAULT=NO,AUTOSELECT=YES,INSTREAM-ID="${channel}"`,
        )
      }
      expect(master).toContain('CLOSED-CAPTIONS="captions"')
      expect((await presentation.resources()).filter(({ kind }) => kind === 'text')).toEqual([])
    } finally {
      await close()
    }
  })
})

test('captions in a track of their own are renditions of text', async () => {
  const { load, close } = await presentFile(await makeMedia('captions.mov'))
  try {
    const master = Buffer.from(await load('master.m3u8')).toString()
    const playlist = /URI="(captions-\d+-cc1)\/playlist.m3u8"/.exec(master)?.[1] ?? ''
    const { cues } = parseSubtitleFile(await load(`${playlist}/all.vtt`))
    expect(cues.map(({ payload }) => payload)).toEqual(CAPTIONS.CC1.flatMap(({ rows }) => rows))
    for (const [i, { startUs }] of CAPTIONS.CC1.entries()) {
      expect(Math.abs((cues[i]?.startUs ?? 0) - startUs)).toBeLessThan(300_000)
    }
  } finally {
    await close()
  }
})
