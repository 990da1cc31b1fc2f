// A film whose parameter sets change in mid-film: each stretch has its own init segment, or the sets stand in the samples.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { ByteSource, VideoTrack } from '@cuemux/core'
import { writeInitSegment, writeMediaSegment } from '@cuemux/fmp4'
import { type HlsOptions, type MediaInput, openMedia } from 'cuemux'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decodeErrors, decodeFrames } from '../hls-check/decode.js'
import { makeMedia } from '../media/media.js'
import { longTs, longTsOf } from '../support/long-ts.js'
import { bytesOf, presentFile } from '../support/presentation.js'
import { serveMade, serveRanges } from '../support/range-server.js'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cuemux-changing-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

interface Stretch {
  readonly init: string
  readonly segments: readonly string[]
}

/** What the video playlist lists, stretch by stretch, and all playlists as text. */
async function present(name: string, options?: HlsOptions, input?: MediaInput) {
  const { presentation, load, close } = await presentFile(input ?? (await makeMedia(name)), options)
  const text = async (at: string): Promise<string> => Buffer.from(await load(at)).toString()
  const paths = (await presentation.resources()).map(resource => resource.path)
  const of = (kind: string): string => paths.find(at => at.startsWith(kind) && at.endsWith('/playlist.m3u8')) ?? ''
  const [video, audio] = [of('video'), of('audio')]
  const stretches: { init: string; segments: string[] }[] = []
  for (const line of (await text(video)).split('\n')) {
    const init = /^#EXT-X-MAP:URI="(.*)"$/.exec(line)?.[1]
    if (init !== undefined) stretches.push({ init, segments: [] })
    else if (line !== '' && !line.startsWith('#')) stretches.at(-1)?.segments.push(line)
  }
  const below = path.posix.dirname(video)
  const join = async ({ init, segments }: Stretch): Promise<string> => {
    const kind = `${input === undefined ? '' : 'far-'}${options?.client === undefined ? '' : 'in-band-'}`
    const file = path.join(folder, `${name}-${kind}${init}`)
    const parts = await Promise.all([init, ...segments].map(at => load(`${below}/${at}`)))
    await writeFile(file, Buffer.concat(parts))
    return file
  }
  const [master, videoText, audioText] = await Promise.all(['master.m3u8', video, audio].map(text))
  return { paths, stretches, join, master, videoText, audioText, close }
}

const hashes = async (file: string): Promise<string[]> => (await decodeFrames(file)).map(({ hash }) => hash)

/** Each file decodes without a complaint, to every frame of the film that its stretch was made of. */
async function expectParts(files: readonly string[], parts: readonly string[]): Promise<void> {
  expect(files).toHaveLength(parts.length)
  for (const [i, part] of parts.entries()) {
    expect(await decodeErrors(files[i] ?? '')).toEqual([])
    expect(await hashes(files[i] ?? '')).toEqual(await hashes(await makeMedia(part)))
  }
}

describe.each(['changing.mkv', 'changing.ts', 'changing.mp4'])('%s', name => {
  test('has a stretch for each, with a discontinuity in all renditions, and every frame of both', async () => {
    const { paths, stretches, join, master, videoText, audioText, close } = await present(name)
    try {
      expect(stretches.map(({ init }) => init)).toEqual(['init.mp4', 'init-1.mp4'])
      expect(master).toMatch(/STREAM-INF:.*CODECS="avc1\.64001e,mp4a\.40\.2,avc1\.4d401e"/)
      expect(paths.filter(at => /video-\d+\/init/.test(at))).toHaveLength(2)
      for (const text of [videoText, audioText]) expect(text?.match(/#EXT-X-DISCONTINUITY\n/g)).toHaveLength(1)
      const before = (text = ''): number => (text.split('#EXT-X-DISCONTINUITY\n')[0]?.match(/#EXTINF/g) ?? []).length
      expect(before(audioText)).toBe(before(videoText))
      await expectParts(await Promise.all(stretches.map(join)), ['small_part.ts', 'large_part.ts'])
    } finally {
      await close()
    }
  })

  test('keeps the sets in the samples for a client that takes avc3', async () => {
    const { stretches, join, master, audioText, close } = await present(name, {
      client: ['avc1', 'avc3', 'mp4a.40.2'],
    })
    try {
      expect(stretches.map(({ init }) => init)).toEqual(['init.mp4'])
      expect(master).toMatch(/CODECS="avc3\.64001e,mp4a\.40\.2,avc3\.4d401e"/)
      expect(audioText).not.toContain('DISCONTINUITY')
      const { init, segments } = stretches[0] as Stretch
      // Any segment can be the first one: behind the init segment of the other stretch it decodes as well.
      const last = await join({ init, segments: segments.slice(-2) })
      expect(await decodeErrors(last)).toEqual([])
      const expected = await hashes(await makeMedia('large_part.ts'))
      expect(await hashes(last)).toEqual(expected.slice(-(await hashes(last)).length))
      expect((await hashes(last)).length).toBeGreaterThan(48)
    } finally {
      await close()
    }
  })
})

/** A film whose sample entry leaves all parameter sets to the samples. */
async function withoutSets(name: string): Promise<Uint8Array> {
  const bytes = await readFile(await makeMedia(name))
  const entry = bytes.indexOf('avc1', bytes.indexOf('stsd'))
  bytes.write('avc3', entry)
  // numOfSequenceParameterSets and, where the first set began, numOfPictureParameterSets.
  const avcC = bytes.indexOf('avcC', entry) + 4
  bytes[avcC + 5] = 0xe0
  bytes[avcC + 6] = 0
  return bytes
}

test.each(['near', 'remote'])('an MP4 of avc3 without sets in its entry, %s, has a stretch for each', async place => {
  const film = await withoutSets('changing.mp4')
  const seekCostBytes = place === 'remote' ? 512 * 1024 : 0
  const read = async (at: number, length: number): Promise<Uint8Array> => film.subarray(at, at + length)
  const source: ByteSource = { key: place, name: `${place}.mp4`, sizeBytes: film.length, seekCostBytes, read }
  const { stretches, join, close } = await present(`${place}.mp4`, undefined, source)
  try {
    expect(stretches.map(({ init }) => init)).toEqual(['init.mp4', 'init-1.mp4'])
    await expectParts(await Promise.all(stretches.map(join)), ['small_part.ts', 'large_part.ts'])
  } finally {
    await close()
  }
})

test.each(['changing.mkv', 'changing.ts', 'changing.mp4'])(
  'a clip of %s has the init segment of its stretch',
  async name => {
    const { stretches, join, master, videoText, close } = await present(name, { startMs: 10_000 })
    try {
      expect(stretches.map(({ init }) => init)).toEqual(['init.mp4'])
      expect(videoText).not.toContain('DISCONTINUITY')
      expect(master).toMatch(/STREAM-INF:.*CODECS="avc1\.4d401e,mp4a\.40\.2".*RESOLUTION=854x480/)
      const file = await join(stretches[0] as Stretch)
      expect(await decodeErrors(file)).toEqual([])
      expect(Buffer.from(await readFile(file)).includes(Buffer.from('0164001e', 'hex'))).toBe(false)
      const shown = await hashes(file)
      expect(shown.length).toBeGreaterThan(100)
      expect(shown).toEqual((await hashes(await makeMedia('large_part.ts'))).slice(-shown.length))
    } finally {
      await close()
    }
  },
)

/** Requests for a film behind HTTP until its playlists are there. */
const MAX_CHANGING_REQUESTS = 64
const MAX_CHANGING_BYTES = 4_000_000

const FAR = [
  { name: 'changing.mkv', parts: ['small_part.ts', 'large_part.ts'] },
  { name: 'changing.mp4', parts: ['small_part.ts', 'large_part.ts'] },
  { name: 'returning.ts', parts: ['small_part.ts', 'large_part.ts', 'small_part.ts'] },
]

describe.each(FAR)('$name behind HTTP', ({ name, parts }) => {
  test('has a stretch for each, with every frame of all, at a bounded number of requests', async () => {
    const server = await serveRanges(await makeMedia(name))
    const { stretches, join, master, videoText, audioText, close } = await present(name, undefined, server.url)
    try {
      expect(server.requests).toBeLessThanOrEqual(MAX_CHANGING_REQUESTS)
      expect(server.bytes).toBeLessThanOrEqual(MAX_CHANGING_BYTES)
      expect(stretches.map(({ init }) => init)).toEqual(['init.mp4', 'init-1.mp4', 'init-2.mp4'].slice(0, parts.length))
      expect(master).toMatch(/STREAM-INF:.*CODECS="avc1\.64001e,mp4a\.40\.2,avc1\.4d401e"/)
      for (const text of [videoText, audioText]) {
        expect(text?.match(/#EXT-X-DISCONTINUITY\n/g)).toHaveLength(parts.length - 1)
      }
      await expectParts(await Promise.all(stretches.map(join)), parts)
    } finally {
      await close()
      await server.close()
    }
  })

  test('keeps the sets in the samples for a client that takes avc3', async () => {
    const server = await serveRanges(await makeMedia(name))
    const client = ['avc1', 'avc3', 'mp4a.40.2']
    const { stretches, join, audioText, close } = await present(name, { client }, server.url)
    try {
      expect(stretches.map(({ init }) => init)).toEqual(['init.mp4'])
      expect(audioText).not.toContain('DISCONTINUITY')
      const whole = await join(stretches[0] as Stretch)
      expect(await decodeErrors(whole)).toEqual([])
      expect(await hashes(whole)).toEqual(await hashes(await makeMedia(name)))
    } finally {
      await close()
      await server.close()
    }
  })
})

test.each(['returning.mkv', 'returning.mp4'])(
  '%s behind HTTP, which ends as it begins, costs no request more and keeps its sets in the samples',
  async name => {
    const server = await serveRanges(await makeMedia(name))
    const { stretches, join, close } = await present(name, undefined, server.url)
    try {
      expect(server.requests).toBeLessThanOrEqual(3)
      expect(stretches.map(({ init }) => init)).toEqual(['init.mp4'])
      const whole = await join(stretches[0] as Stretch)
      expect(await decodeErrors(whole)).toEqual([])
      expect(await hashes(whole)).toEqual(await hashes(await makeMedia(name)))
    } finally {
      await close()
      await server.close()
    }
  },
)

test('a stream far away of which only places are read keeps the sets of all keyframes in the samples', async () => {
  const file = await makeMedia('late_change.ts')
  const film = await longTs(file, 24, 34_000_000)
  const source: ByteSource = {
    ...{ key: film.name, name: film.name, sizeBytes: film.size, seekCostBytes: 512 * 1024 },
    read: async (offset, length) => film.read(offset, length),
  }
  const media = await openMedia(source)
  try {
    const presentation = await media.hls()
    // From the first stretch through the second into the third, which is as the first.
    const names = ['init.mp4', '1.m4s', '2.m4s', '3.m4s', '4.m4s', '5.m4s']
    const parts = await Promise.all(names.map(name => bytesOf(presentation, `video-256/${name}`)))
    const target = path.join(folder, 'sampled.mp4')
    await writeFile(target, Buffer.concat(parts))
    expect(await decodeErrors(target)).toEqual([])
    const known = new Set(await hashes(file))
    const shown = await hashes(target)
    expect(shown.length).toBeGreaterThan(400)
    expect(shown.filter(hash => !known.has(hash))).toEqual([])
  } finally {
    await media.close()
  }
})

// Groups of pictures are 2 s long. In the second, they begin at other times after each round, where none is expected.
test.each([
  [8, 2],
  [8.52, 30],
])('a large stream of %f s over and over behind HTTP has a stretch for each', async (roundSeconds, mayBeLate) => {
  const [small, large] = await Promise.all(['small_part.ts', 'large_part.ts'].map(makeMedia))
  // About 8 min, then 8 min of the other, then 12 min of the first again.
  const parts = [small, large, small].map((file, i) => ({ file: file ?? '', rounds: [60, 60, 90][i] ?? 0 }))
  const server = await serveMade(await longTsOf(parts, roundSeconds))
  const media = await openMedia(server.url)
  try {
    const presentation = await media.hls()
    await presentation.resource('video-256/playlist.m3u8')
    expect(server.requests).toBeLessThanOrEqual(36)
    expect(server.bytes).toBeLessThanOrEqual(7_000_000)
    const { times, timescale, periods } = presentation.plan.segments
    const starts = periods.map(({ firstSegment }) => ((times[firstSegment] ?? 0) - (times[0] ?? 0)) / timescale)
    const late = starts.map((start, i) => Math.round(start - [0, 60, 120].map(round => round * roundSeconds)[i]!))
    expect(late).toHaveLength(3)
    for (const seconds of late) expect([seconds >= 0, seconds <= mayBeLate, seconds]).toEqual([true, true, seconds])
    for (const [i, { firstSegment }] of periods.entries()) {
      const names = [i === 0 ? 'init.mp4' : `init-${i}.mp4`, `${firstSegment}.m4s`]
      const pieces = await Promise.all(names.map(name => bytesOf(presentation, `video-256/${name}`)))
      const file = path.join(folder, `large-${roundSeconds}-${i}.mp4`)
      await writeFile(file, Buffer.concat(pieces))
      expect(await decodeErrors(file)).toEqual([])
      const [shown, known] = [await hashes(file), await hashes(parts[i]?.file ?? '')]
      expect(shown.length).toBeGreaterThan(40)
      expect(shown.filter(hash => !known.includes(hash))).toEqual([])
    }
  } finally {
    await media.close()
    await server.close()
  }
})

/** A fragmented MP4 with a sample description for each of the two parts, its fragments saying which is theirs. */
async function withTwoDescriptions(): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  const films = await Promise.all(
    ['small_part.ts', 'large_part.ts'].map(async name => openMedia(await makeMedia(name))),
  )
  const tracks = films.map(({ index }) => index.tracks.find((track): track is VideoTrack => track.kind === 'video'))
  const [small, large] = tracks
  if (small === undefined || large === undefined) throw new Error('no pictures')
  const { width, height } = large
  const descriptions = [small.descriptions[0], { ...large.descriptions[0], width, height }] as const
  pieces.push(writeInitSegment([{ track: { ...small, id: 1, descriptions } }]))
  let sequence = 0
  for (const [descriptionIndex, film] of films.entries()) {
    const { trackId, count, timescale } = film.index.keyframes
    for (let keyframe = 0; keyframe < count; keyframe++) {
      const [batch] = await film.demuxer.readSpan({ first: keyframe, end: keyframe + 1 }, [trackId])
      if (batch === undefined) continue
      const fragment = {
        batch: { ...batch, trackId: 1, descriptionIndex },
        shift: timescale * (1 + 8 * descriptionIndex),
      }
      pieces.push(Buffer.concat(writeMediaSegment(++sequence, [fragment]).pieces))
    }
    await film.close()
  }
  return Buffer.concat(pieces)
}

test('an MP4 with two sample descriptions has an init segment for each, and every frame of both', async () => {
  const film = await openMedia(await withTwoDescriptions())
  try {
    const presentation = await film.hls()
    const bytes = async (at: string): Promise<Buffer> => Buffer.concat((await presentation.resource(at)).pieces)
    const playlist = (await bytes('video-1/playlist.m3u8')).toString()
    expect(playlist.match(/#EXT-X-MAP:URI="init(-1)?\.mp4"/g)).toEqual([
      '#EXT-X-MAP:URI="init.mp4"',
      '#EXT-X-MAP:URI="init-1.mp4"',
    ])
    const manifest = (await bytes('manifest.mpd')).toString()
    expect(manifest.match(/<Period /g)).toHaveLength(2)
    expect(manifest).toContain('initialization="$RepresentationID$/init-1.mp4"')
    const [before = '', after = ''] = playlist.split('#EXT-X-DISCONTINUITY')
    for (const [i, part] of [before, after].entries()) {
      const segments = part.split('\n').filter(line => line.endsWith('.m4s'))
      const names = [i === 0 ? 'init.mp4' : 'init-1.mp4', ...segments]
      const file = path.join(folder, `descriptions-${i}.mp4`)
      await writeFile(file, Buffer.concat(await Promise.all(names.map(at => bytes(`video-1/${at}`)))))
      expect(await decodeErrors(file)).toEqual([])
      expect(await hashes(file)).toEqual(await hashes(await makeMedia(i === 0 ? 'small_part.ts' : 'large_part.ts')))
    }
  } finally {
    await film.close()
  }
})
