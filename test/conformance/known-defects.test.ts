// One test for each way in which packagers that copy are known to go wrong.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { openMedia } from 'cuemux'
import { describe, expect, test } from 'vitest'
import { Findings } from '../hls-check/findings.js'
import { type Judgement, judge } from '../hls-check/judge.js'
import { type Attributes, type MasterPlaylist, readMaster } from '../hls-check/playlist.js'
import { makeMedia } from '../media/media.js'
import { indexExtent } from '../support/matroska-layout.js'
import { presentFile } from '../support/presentation.js'
import { type PacketTime, packetTimes, probeStreams } from '../support/probe.js'

type Client = 'browser' | 'native'

/** What was made of a film, judged by its bytes and beside its source. */
interface Judged extends Judgement {
  readonly master: MasterPlaylist
  /** Init and segments of each rendition in one piece, by its folder. */
  readonly files: ReadonlyMap<string, Buffer>
  readonly playlists: ReadonlyMap<string, string>
}

const judging = new Map<string, Promise<Judged>>()

function judgeFilm(name: string, client: Client = 'browser'): Promise<Judged> {
  const key = `${name} ${client}`
  const known = judging.get(key)
  if (known !== undefined) return known
  const judged = judgeAnew(name, client)
  judging.set(key, judged)
  return judged
}

async function judgeAnew(name: string, client: Client): Promise<Judged> {
  const source = await makeMedia(name)
  const { presentation, load, close } = await presentFile(source, { client })
  try {
    const judgement = await judge(load, { source })
    const master = readMaster(Buffer.from(await load('master.m3u8')).toString(), 'master.m3u8', new Findings())
    const [files, playlists] = [new Map<string, Buffer>(), new Map<string, string>()]
    for (const { path: at, kind } of await presentation.resources()) {
      const folder = at.split('/')[0] ?? ''
      const bytes = Buffer.from(await load(at))
      if (kind === 'init' || kind === 'segment')
        files.set(folder, Buffer.concat([files.get(folder) ?? Buffer.of(), bytes]))
      if (kind === 'playlist') playlists.set(folder, bytes.toString())
    }
    return { ...judgement, master, files, playlists }
  } finally {
    await close()
  }
}

/** Gives a program a file with these bytes. */
async function withFile<T>(bytes: Uint8Array, use: (file: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'cuemux-defects-'))
  try {
    const file = path.join(folder, 'film.mp4')
    await writeFile(file, bytes)
    return await use(file)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const fileOf = (judged: Judged, folder: string): Buffer => judged.files.get(folder) ?? Buffer.of()
const streamsOf = (judged: Judged, folder: string) => withFile(fileOf(judged, folder), probeStreams)
const packetsOf = (judged: Judged, folder: string): Promise<PacketTime[]> =>
  withFile(fileOf(judged, folder), file => packetTimes(file, folder.startsWith('video') ? 'v:0' : 'a:0'))
const variantOf = (judged: Judged): Attributes => judged.master.variants[0]?.attributes ?? {}

describe('sound', () => {
  test.each([
    ['AAC', 'h264_aac.mkv', 'browser'],
    ['AC-3', 'h264_ac3.mkv', 'native'],
    ['AAC at 44.1 kHz', 'h264_44100.mkv', 'browser'],
  ] as const)('is continuous at every join: %s', async (_, name, client) => {
    const judged = await judgeFilm(name, client)
    expect(judged.summary).toEqual([])
    expect(judged.playlists.get('audio-2')?.match(/#EXTINF/g)?.length).toBeGreaterThan(3)
  })

  test.each([
    ['AAC', 'h264_aac.mkv', 'browser'],
    ['AC-3', 'h264_ac3.mkv', 'native'],
    ['sound that starts late', 'h264_lateaudio.mkv', 'browser'],
  ] as const)('is not late beside the picture: %s', async (_, name, client) => {
    const { facts } = await judgeFilm(name, client)
    expect(Math.abs(facts.skewMs ?? Number.NaN)).toBeLessThan(1.1)
  })

  test('at 44.1 kHz is read as 44.1 kHz', async () => {
    const judged = await judgeFilm('h264_44100.mkv')
    expect(await streamsOf(judged, 'audio-2')).toMatchObject([{ sample_rate: '44100', time_base: '1/44100' }])
  })

  test.each([
    ['of 5.1 channels', 'aac_51.mkv', { channels: 6, sample_rate: '48000' }],
    ['at 22.05 kHz', 'aac_22050.mkv', { channels: 2, sample_rate: '22050' }],
  ])('in AAC %s decodes', async (_, name, expected) => {
    const judged = await judgeFilm(name)
    expect(judged.summary).toEqual([])
    expect(await streamsOf(judged, 'audio-2')).toMatchObject([expected])
  })

  test('is there in every language', async () => {
    const { master, files, summary } = await judgeFilm('two_sounds.mkv')
    expect(summary).toEqual([])
    const sounds = master.media.filter(({ TYPE }) => TYPE === 'AUDIO')
    expect(sounds.map(({ LANGUAGE }) => LANGUAGE).sort()).toEqual(['en', 'fr'])
    expect([...files.keys()]).toEqual(['video-1', 'audio-2', 'audio-3'])
  })

  test.each([
    ['MP2', 'mp2.mkv'],
    ['PCM', 'pcm.mkv'],
    ['ALAC', 'alac.mkv'],
    ['TrueHD', 'truehd.mkv'],
  ])('in %s is not passed off as AAC', async (_, name) => {
    const media = await openMedia(await makeMedia(name))
    const [, sound] = media.decisions('browser')
    await media.close()
    expect(sound?.action).toBe('encode')
    const judged = await judgeFilm(name)
    expect(judged.summary).toEqual([])
    expect([...judged.files.keys()]).toEqual(['video-1', 'audio-2'])
    expect(await streamsOf(judged, 'audio-2')).toMatchObject([{ codec_name: 'aac', codec_tag_string: 'mp4a' }])
  })

  test('in ALAC is itself where a player has it', async () => {
    const judged = await judgeFilm('alac.mkv', 'native')
    expect(judged.summary).toEqual([])
    expect(variantOf(judged).CODECS).toContain('alac')
    expect(await streamsOf(judged, 'audio-2')).toMatchObject([{ codec_name: 'alac', codec_tag_string: 'alac' }])
  })
})

describe('time', () => {
  test('does not drift in ten minutes of 44.1 kHz and 24000/1001: nothing is doubled, dropped or moved', async () => {
    const source = await makeMedia('ten_minutes.mkv')
    const { presentation, load, close } = await presentFile(source)
    const resources = await presentation.resources()
    for (const [folder, stream, frameMs] of [
      ['video-1', 'v:0', 1001 / 24],
      ['audio-2', 'a:0', 1024_000 / 44_100],
    ] as const) {
      const paths = resources.filter(({ path: at, kind }) => at.startsWith(`${folder}/`) && kind !== 'playlist')
      const bytes = Buffer.concat(await Promise.all(paths.map(({ path: at }) => load(at))))
      const own = await withFile(bytes, file => packetTimes(file, stream))
      const theirs = await packetTimes(source, stream)
      expect(own.length).toBe(theirs.length)
      const sort = (times: readonly PacketTime[]): number[] => times.map(({ ptsMs }) => ptsMs).sort((a, b) => a - b)
      const [ours, expected] = [sort(own), sort(theirs)]
      const zero = (ours[0] ?? 0) - (expected[0] ?? 0)
      const worst = Math.max(...ours.map((time, i) => Math.abs(time - (expected[i] ?? 0) - zero)))
      // The source's times are rounded to 1 ms.
      expect(worst).toBeLessThan(1.6)
      const steps = own.slice(1).map((packet, i) => packet.dtsMs - (own[i]?.dtsMs ?? 0))
      expect(Math.max(...steps.map(step => Math.abs(step - frameMs)))).toBeLessThan(0.05)
    }
    await close()
  })

  test('has no composition offset below zero', async () => {
    for (const name of ['h264_aac.mkv', 'h264_aac.mp4', 'h264_opengop.mkv']) {
      const packets = await packetsOf(await judgeFilm(name), 'video-1')
      const reordered = packets.filter(({ ptsMs, dtsMs }) => ptsMs > dtsMs)
      expect(packets.filter(({ ptsMs, dtsMs }) => ptsMs < dtsMs)).toEqual([])
      expect(reordered.length).toBeGreaterThan(100)
    }
  })

  test('of the picture is not late by the reorder delay', async () => {
    for (const name of ['h264_aac.mkv', 'h264_aac.mp4']) {
      const { facts } = await judgeFilm(name)
      expect(Math.abs(facts.skewMs ?? Number.NaN)).toBeLessThan(1.1)
      expect(facts.videoTimeErrorMs).toBeLessThan(1.1)
    }
  })

  test.each(['ten_minutes.mkv', 'long.mp4', 'h264_opengop.mkv', 'h264_opengop.mp4'])(
    'of picture and sound begins together at start=30: %s',
    async name => {
      const media = await openMedia(await makeMedia(name))
      const stream = await media.stream({ startMs: 30_000, durationMs: 4000 })
      const pieces: Uint8Array[] = []
      for await (const chunk of stream.chunks()) pieces.push(...chunk)
      await media.close()
      expect(stream.startMs).toBeGreaterThan(28_000)
      expect(stream.startMs).toBeLessThanOrEqual(30_000)
      await withFile(Buffer.concat(pieces), async file => {
        const first = (times: readonly PacketTime[]): number => Math.min(...times.map(({ ptsMs }) => ptsMs))
        const [picture, sound] = [first(await packetTimes(file, 'v:0')), first(await packetTimes(file, 'a:0'))]
        // The first sound that starts with or after the picture: less than a frame of 1024 samples later.
        expect(sound - picture).toBeGreaterThan(-1)
        expect(sound - picture).toBeLessThan(22)
      })
    },
  )

  test('of every frame is kept in a variable frame rate without DefaultDuration', async () => {
    const { summary, facts } = await judgeFilm('vfr_without_duration.mkv')
    expect(summary).toEqual([])
    expect(facts.frames).toBe(617)
  })
})

describe('containers', () => {
  test('an MP4 whose HEVC sets are in the samples gets them into its init segment, as hvc1', async () => {
    const source = await makeMedia('hevc_in_band.mp4')
    const { presentation, load, close } = await presentFile(source, { client: 'safari' })
    try {
      expect(Buffer.from(await load('master.m3u8')).toString()).toMatch(/CODECS="hvc1\.1\.[^"]*,mp4a\.40\.2"/)
      const init = Buffer.from(await load('video-1/init.mp4'))
      expect([init.includes('hvc1'), init.includes('hev1')]).toEqual([true, false])
      expect(presentation.plan.decisions[0]?.action).toBe('copy')
      const { summary } = await judge(load, { source })
      expect(summary).toEqual([])
    } finally {
      await close()
    }
  })

  test.each(['cover_first.mkv', 'cover_first.mp4'])('a cover is not taken for the picture: %s', async name => {
    const { presentation, load, close } = await presentFile(await makeMedia(name))
    try {
      expect(presentation.plan.renditions.map(rendition => rendition.name)).toEqual(['video-2', 'audio-3'])
      const { summary } = await judge(load, { source: await makeMedia('h264_aac.mkv') })
      expect(summary).toEqual([])
    } finally {
      await close()
    }
  })

  test('an MP4 is copied in HLS', async () => {
    const media = await openMedia(await makeMedia('h264_aac.mp4'))
    expect(media.decisions('browser').map(({ action }) => action)).toEqual(['copy', 'copy'])
    await media.close()
    const { summary, facts } = await judgeFilm('h264_aac.mp4')
    expect(summary).toEqual([])
    expect(facts.frames).toBe(720)
  })

  test('a moov at the end that is larger than 512 KiB is found', async () => {
    const { presentation, load, close } = await presentFile(await makeMedia('long.mp4'))
    const last = (await presentation.resources()).filter(({ kind }) => kind === 'segment').at(-1)
    expect((await load(last?.path ?? '')).length).toBeGreaterThan(1000)
    await close()
  })

  test('a fragmented MP4 is read', async () => {
    const { summary, facts } = await judgeFilm('h264_aac_frag.mp4')
    expect(summary).toEqual([])
    expect(facts.frames).toBe(720)
  })

  test('attachments before the first cluster hide nothing', async () => {
    const { headBytes } = await indexExtent(await makeMedia('attachments.mkv'))
    expect(headBytes).toBeGreaterThan(256 * 1024)
    const { summary, facts } = await judgeFilm('attachments.mkv')
    expect(summary).toEqual([])
    expect(facts.frames).toBe(720)
  })

  test.each([
    ['block groups have keyframes', 'block_groups.mkv', 'browser'],
    ['zlib is undone', 'zlib.mkv', 'browser'],
    ['header stripping is undone', 'stripped_ac3.mkv', 'native'],
  ] as const)('%s', async (_, name, client) => {
    const { summary, files } = await judgeFilm(name, client)
    expect(summary).toEqual([])
    expect(files.size).toBeGreaterThan(1)
  })

  test('cues of the sound are no keyframes of the picture', async () => {
    const { presentation, close } = await presentFile(await makeMedia('cues_of_sound.mkv'))
    const media = await openMedia(await makeMedia('cues_of_sound.mkv'))
    expect(media.index.keyframes.trackId).toBe(1)
    expect(media.index.keyframes.count).toBe(15)
    const segments = (await presentation.resources()).filter(({ kind }) => kind === 'segment')
    expect(segments.filter(({ path: at }) => at.startsWith('video'))).toHaveLength(5)
    await media.close()
    await close()
    expect((await judgeFilm('cues_of_sound.mkv')).summary).toEqual([])
  })
})

describe('what is said of a film', () => {
  test.each(['wide_colours.mkv', 'wide_colours.mp4'])('its colours and pixel aspect are its own: %s', async name => {
    const judged = await judgeFilm(name)
    expect(judged.summary).toEqual([])
    expect(await streamsOf(judged, 'video-1')).toMatchObject([
      {
        color_space: 'bt2020nc',
        color_primaries: 'bt2020',
        color_transfer: 'smpte2084',
        color_range: 'tv',
        sample_aspect_ratio: '4:3',
      },
    ])
    expect(variantOf(judged)['VIDEO-RANGE']).toBe('PQ')
  })

  test('its bit rates are its own', async () => {
    const [small, large] = await Promise.all([judgeFilm('cues_of_sound.mkv'), judgeFilm('aac_51.mkv')])
    const rate = (judged: Judged): number => Number(variantOf(judged)['AVERAGE-BANDWIDTH'])
    const measured = ({ files }: Judged, seconds: number): number =>
      (8 * [...files.values()].reduce((sum, file) => sum + file.length, 0)) / seconds
    expect(rate(small) / measured(small, 30)).toBeCloseTo(1, 1)
    expect(rate(large) / measured(large, 14)).toBeCloseTo(1, 1)
  })
})
