// Closed captions in the picture as renditions of text, and by their channel for clients that decode them.
import { parseSubtitleFile } from '@cuemux/text'
import { type HlsOptions, openMedia } from 'cuemux'
import { describe, expect, test } from 'vitest'
import { CAPTIONS } from '../media/edits.js'
import { makeMedia } from '../media/media.js'
import { bytesOf, type CountingSource, countingFile, presentFile } from '../support/presentation.js'

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

/** A film as if it lay behind a network. */
async function presentFar(name: string, options?: HlsOptions) {
  const source: CountingSource = await countingFile(await makeMedia(name), 512 * 1024)
  const media = await openMedia(source)
  const presentation = await media.hls(options)
  const text = async (at: string): Promise<string> => Buffer.from(await bytesOf(presentation, at)).toString()
  return { source, presentation, text, close: () => media.close() }
}

describe.each(['captions.mkv', 'captions.mp4', 'captions.ts', 'captions_frag.mp4'])('%s far away', name => {
  test('offers the first channel without a request for it, and reads its text with the picture', async () => {
    const { source, presentation, text, close } = await presentFar(name)
    try {
      expect((await text('master.m3u8')).match(/URI="captions-[^"]*"/g)).toEqual(['URI="captions-cc1/playlist.m3u8"'])
      const without = await presentFar(name, { captions: 'off' })
      await without.text('master.m3u8')
      expect(source.reads).toEqual(without.source.reads)
      await without.close()
      const { cuts } = presentation.plan.segments
      const video = presentation.plan.renditions[0]?.name
      for (const n of cuts.keys()) await presentation.resource(`${video}/${n}.m4s`)
      source.reset()
      const { cues } = parseSubtitleFile(await bytesOf(presentation, 'captions-cc1/all.vtt'))
      expect(cues.map(({ payload }) => payload)).toEqual(CAPTIONS.CC1.flatMap(({ rows }) => rows))
      expect(source.reads).toEqual([])
      // Without the picture the same text is read.
      const other = await presentFar(name)
      await other.text('master.m3u8')
      expect(await other.text('captions-cc1/1.vtt')).toBe(await text('captions-cc1/1.vtt'))
      await other.close()
    } finally {
      await close()
    }
  })

  test('offers all channels where that is wished, and none', async () => {
    for (const [captions, expected] of [
      ['search', ['CC1', 'CC3']],
      ['off', []],
    ] as const) {
      const { text, close } = await presentFar(name, { captions, client: 'safari' })
      const channels = [...(await text('master.m3u8')).matchAll(/INSTREAM-ID="([^"]*)"/g)].map(([, channel]) => channel)
      expect(channels).toEqual(expected)
      await close()
    }
  })
})

test.each(['h264_aac.mkv', 'h264_aac.mp4', 'h264_aac_fast.mp4', 'long.mp4', 'h264_aac.ts'])(
  'a film without captions costs no more than three requests far away: %s',
  async name => {
    const { source, text, close } = await presentFar(name)
    expect(await text('master.m3u8')).toContain('CLOSED-CAPTIONS=NONE')
    expect(source.reads.length).toBeLessThanOrEqual(3)
    await close()
  },
)

test('a track of captions far away has its first channel', async () => {
  const { text, close } = await presentFar('captions.mov')
  const playlist = /URI="(captions-\d+-cc1)\/playlist.m3u8"/.exec(await text('master.m3u8'))?.[1] ?? ''
  expect(await text(`${playlist}/0.vtt`)).toContain('Caption at 1 s')
  await close()
})

test('a near film is not looked into where nobody wishes captions', async () => {
  const { load, close } = await presentFile(await makeMedia('captions.mkv'), { captions: 'off' })
  expect(Buffer.from(await load('master.m3u8')).toString()).not.toContain('captions-')
  await close()
})
