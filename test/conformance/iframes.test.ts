// I-frame playlists: each entry, behind its init segment, is one picture of the film: a range of a segment, or a resource.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parsePlaylist } from '@cuemux/playlist'
import { createHandler, type HlsOptions, openMedia } from 'cuemux'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clockFrames, decodeErrors, decodeFrames } from '../hls-check/decode.js'
import { makeMedia } from '../media/media.js'
import { bytesOf, countingFile, presentFile } from '../support/presentation.js'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cuemux-iframes-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

interface Way {
  /** As if it lay behind a network. */
  readonly isFar?: boolean
  readonly options?: HlsOptions
}

/** The pictures of an I-frame playlist one after the other in a file; another init segment starts another file. */
async function pictures(name: string, { isFar = false, options }: Way = {}) {
  const media = await openMedia(isFar ? await countingFile(await makeMedia(name), 512 * 1024) : await makeMedia(name))
  try {
    const presentation = await media.hls(options)
    const load = (at: string): Promise<Uint8Array> => bytesOf(presentation, at)
    const text = async (at: string): Promise<string> => Buffer.from(await load(at)).toString()
    const master = parsePlaylist(await text('master.m3u8'), { strict: true })
    if (master.kind !== 'multivariant') throw new Error('no multivariant playlist')
    const [stream] = master.iFrameStreams ?? []
    const playlist = parsePlaylist(await text(stream?.uri ?? ''), { strict: true })
    if (playlist.kind !== 'media') throw new Error('no media playlist')
    const below = (uri: string): string => path.posix.join('iframes', uri)
    const files: string[] = []
    let parts: Uint8Array[] = []
    let [peak, seconds] = [0, 0]
    const flush = async (): Promise<void> => {
      if (parts.length === 0) return
      files.push(path.join(folder, `${name}-${isFar}-${files.length}.mp4`))
      await writeFile(files.at(-1) ?? '', Buffer.concat(parts))
    }
    for (const [i, { uri, byteRange, durationUs, map }] of playlist.segments.entries()) {
      const init = map ?? (i === 0 ? playlist.map : undefined)
      if (init !== undefined) {
        await flush()
        parts = [await load(below(init.uri))]
      }
      const segment = await load(below(uri))
      const { offsetBytes = 0, lengthBytes = segment.byteLength } = byteRange ?? {}
      const range = segment.subarray(offsetBytes, offsetBytes + lengthBytes)
      expect(range.byteLength).toBe(lengthBytes)
      parts.push(range)
      peak = Math.max(peak, (lengthBytes * 8e6) / durationUs)
      seconds += durationUs / 1e6
    }
    await flush()
    const listed = (await presentation.resources()).filter(({ kind }) => kind === 'iframe').map(({ path: at }) => at)
    return { stream, playlist, files, peak, seconds, listed, below }
  } finally {
    await media.close()
  }
}

/** Each picture is a frame of the film, at the time that the playlist says. */
async function expectFrames(
  name: string,
  { files, playlist, seconds }: Awaited<ReturnType<typeof pictures>>,
): Promise<void> {
  const shown = (await Promise.all(files.map(decodeFrames))).flat()
  for (const file of files) expect(await decodeErrors(file)).toEqual([])
  expect(shown).toHaveLength(playlist.segments.length)
  const film = await decodeFrames(await makeMedia(name))
  expect(Math.abs(seconds - film.length / 24)).toBeLessThan(0.1)
  const hashes = new Map(film.map(({ hash }, i) => [hash, i]))
  let at = 0
  for (const [i, { hash }] of shown.entries()) {
    expect(hashes.get(hash)).toBe(Math.round(at * 24))
    at += (playlist.segments[i]?.durationUs ?? 0) / 1e6
  }
}

const FILMS = ['h264_aac.mkv', 'h264_opengop.mkv', 'h264_aac.mp4', 'h264_aac_frag.mp4', 'zlib.mkv', 'changing.mkv']

describe.each(FILMS)('%s', name => {
  test('has the keyframes with which segments start as ranges that decode alone', async () => {
    const made = await pictures(name)
    const { stream, playlist, files, peak, listed } = made
    expect(playlist.isIFramesOnly).toBe(true)
    expect(stream?.codecs[0]).toMatch(/^avc1\./)
    expect(stream?.resolution).toEqual({ width: 640, height: 360 })
    expect(stream?.bandwidthBps).toBe(Math.ceil(peak))
    expect(listed).toEqual([])
    if (name !== 'changing.mkv') return expectFrames(name, made)
    expect(files).toHaveLength(2)
    for (const file of files) expect(await decodeErrors(file)).toEqual([])
    expect((await Promise.all(files.map(decodeFrames))).flat()).toHaveLength(playlist.segments.length)
  })
})

const OWN: readonly (readonly [string, string, Way])[] = [
  ['a transport stream', 'h264_aac.ts', {}],
  ['a transport stream far away', 'h264_aac.ts', { isFar: true }],
  ['Matroska far away', 'h264_aac.mkv', { isFar: true }],
  ['Matroska of open groups far away', 'h264_opengop.mkv', { isFar: true }],
  ['packed Matroska far away', 'zlib.mkv', { isFar: true }],
  ['Matroska without Cues far away', 'live_sized.mkv', { isFar: true }],
  ['fragmented MP4 far away', 'h264_aac_frag.mp4', { isFar: true }],
  ['MP4 without delimiters', 'h264_aac.mp4', { options: { dropNalUnits: ['aud'] } }],
  ['picture and sound together', 'h264_aac.mkv', { options: { muxed: true } }],
  ['picture and sound together of a transport stream', 'h264_aac.ts', { options: { muxed: true } }],
]

describe.each(OWN)('%s', (_, name, way) => {
  test('has the keyframes as resources of their own', async () => {
    const made = await pictures(name, way)
    const { stream, playlist, peak, listed, below } = made
    expect(playlist.isIFramesOnly).toBe(true)
    expect(playlist.segments.every(({ byteRange }) => byteRange === undefined)).toBe(true)
    expect(listed).toEqual(playlist.segments.map(({ uri }) => below(uri)))
    expect(stream?.bandwidthBps).toBeGreaterThanOrEqual(peak)
    expect(stream?.averageBandwidthBps).toBeUndefined()
    await expectFrames(name, made)
  })
})

test('parameter sets that change in the samples come with the I-frames', async () => {
  const { files, playlist } = await pictures('changing.mkv', { options: { client: ['avc1', 'avc3', 'mp4a.40.2'] } })
  expect(files).toHaveLength(1)
  expect(await decodeErrors(files[0] ?? '')).toEqual([])
  expect(await decodeFrames(files[0] ?? '')).toHaveLength(playlist.segments.length)
})

test('I-frames of a film far away whose parameter sets change have the init segments of their stretches', async () => {
  const { files, playlist } = await pictures('changing.mkv', { isFar: true })
  expect(files).toHaveLength(2)
  for (const file of files) expect(await decodeErrors(file)).toEqual([])
  expect((await Promise.all(files.map(decodeFrames))).flat()).toHaveLength(playlist.segments.length)
})

test.each(['h264_aac.mkv', 'long.mkv'])(
  'an I-frame of %s far away costs two reads of little more than it',
  async name => {
    const source = await countingFile(await makeMedia(name), 512 * 1024)
    const media = await openMedia(source)
    try {
      const presentation = await media.hls()
      const reads = source.reads.length
      const playlist = Buffer.from(await bytesOf(presentation, 'iframes/video-1.m3u8')).toString()
      expect(playlist).toContain('video-1/2.m4s')
      expect(source.reads).toHaveLength(reads)
      for (const n of [2, 1]) {
        source.reset()
        const { byteLength } = await presentation.resource(`iframes/video-1/${n}.m4s`)
        expect(source.reads.length).toBeLessThanOrEqual(2)
        expect(source.bytesRead).toBeLessThan(byteLength + 512 * 1024)
      }
    } finally {
      await media.close()
    }
  },
)

test('a handler gives out I-frames of a film far away, keeps them, and names the client in their addresses', async () => {
  const source = await countingFile(await makeMedia('h264_aac.mkv'), 512 * 1024)
  const handler = createHandler({ resolve: id => (id === 'film' ? source : undefined) })
  const get = (at: string): Promise<Response> => handler(new Request(`http://test/film/iframes/${at}`))
  try {
    expect(await (await get('video-1.m3u8?client=safari')).text()).toContain('video-1/1.m4s?client=safari')
    const first = await get('video-1/1.m4s?client=safari')
    expect([first.status, first.headers.get('content-type')]).toEqual([200, 'video/mp4'])
    expect(first.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    const bytes = Buffer.from(await first.arrayBuffer())
    source.reset()
    const again = Buffer.from(await (await get('video-1/1.m4s?client=safari')).arrayBuffer())
    expect(again.equals(bytes)).toBe(true)
    expect(source.reads).toEqual([])
    expect((await get('video-1/99.m4s')).status).toBe(404)
  } finally {
    await handler.close()
  }
})

const ENCODED: readonly (readonly [string, HlsOptions])[] = [
  ['clock_10bit.mkv', {}],
  ['clock_10bit.mkv', { muxed: true }],
  ['clock_10bit.mkv', { startMs: 7000, endMs: 20_000 }],
]

describe.each(ENCODED)('%s, encoded, with %j', (name, options) => {
  test('has the keyframes with which segments start, encoded alone', async () => {
    const { stream, playlist, files, peak, listed, below } = await pictures(name, { options })
    expect(listed).toEqual(playlist.segments.map(({ uri }) => below(uri)))
    expect(stream?.bandwidthBps).toBeGreaterThanOrEqual(peak)
    expect(stream?.codecs[0]).toMatch(/^avc1\./)
    expect(files).toHaveLength(1)
    const [file = ''] = files
    expect(await decodeErrors(file)).toEqual([])
    const media = await openMedia(await makeMedia(name))
    const { plan } = await media.hls(options)
    await media.close()
    const { times, timescale } = plan.segments
    expect(await clockFrames(file)).toEqual(Array.from(times, time => Math.floor((time / timescale) * 24)))
  })
})

test('keyframes of encoded pictures come from the encoder that makes their segments, where there is one', async () => {
  const { presentation, load, close } = await presentFile(await makeMedia('clock_10bit.mkv'))
  try {
    const init = await load('video-1/init.mp4')
    for (const n of [1, 0]) {
      const segment = Buffer.from(await load(`video-1/${n}.m4s`))
      const { byteLength } = await presentation.resource(`iframes/video-1/${n}.m4s`)
      const keyframe = Buffer.from(await load(`iframes/video-1/${n}.m4s`))
      expect(segment.subarray(0, byteLength).equals(keyframe)).toBe(true)
      const file = path.join(folder, `encoded-${n}.mp4`)
      await writeFile(file, Buffer.concat([init, keyframe]))
      expect(await decodeErrors(file)).toEqual([])
    }
    await expect(load('iframes/video-1/99.m4s')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  } finally {
    await close()
  }
})

test('a film of sound has none', async () => {
  const { load, close } = await presentFile(await makeMedia('aac_only.mka'))
  expect(Buffer.from(await load('master.m3u8')).toString()).not.toContain('I-FRAME')
  await expect(load('iframes/audio-1.m3u8')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(load('iframes/audio-1/0.m4s')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await close()
})

test('there are no I-frames of their own where they are ranges, or behind the last one', async () => {
  const near = await presentFile(await makeMedia('h264_aac.mkv'))
  await expect(near.load('iframes/video-1/0.m4s')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await near.close()
  const stream = await presentFile(await makeMedia('h264_aac.ts'))
  for (const path of ['99.m4s', '-1.m4s', '0.mp4', 'init.mp4']) {
    await expect(stream.load(`iframes/video-256/${path}`)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  }
  await stream.close()
})
