import { CuemuxError, openMedia } from 'cuemux'
import { describe, expect, test } from 'vitest'
import { damagedInputs, flipped, hopelessInputs, sampleBytes } from './inputs.js'

/** Opens a film and makes all it has; gives the error's code, or `played`. Anything but a CuemuxError is thrown on. */
async function play(bytes: Uint8Array, name: string): Promise<string> {
  try {
    const media = await openMedia(new Uint8Array(bytes), { name })
    const presentation = await media.hls()
    expect((await presentation.resources()).length).toBeLessThan(10_000)
    for (const { path } of await presentation.resources()) await presentation.resource(path)
    return 'played'
  } catch (error) {
    if (!(error instanceof CuemuxError)) throw error
    expect(error.message).not.toBe('')
    return error.code
  }
}

const WHOLE_FILM = [
  'UNSUPPORTED_CONTAINER',
  'CORRUPT_INDEX',
  'NO_KEYFRAME_INDEX',
  'LIMIT_EXCEEDED',
  'UNSUPPORTED_CODEC',
]
// NOT_FOUND: a listed segment of a track whose samples can't be told apart any more. ENCODER_FAILED: the index names
// another codec than before, as which ffmpeg can't decode them either.
const ANY = [...WHOLE_FILM, 'CORRUPT_MEDIA', 'NOT_FOUND', 'ENCODER_FAILED', 'played']

describe('what is no film', () => {
  test.each(Object.entries(hopelessInputs()))('%s ends in a clear error', async (name, bytes) => {
    expect([...WHOLE_FILM, 'CORRUPT_MEDIA']).toContain(await play(bytes, name))
  })
})

describe('a damaged film', () => {
  test.each(Object.entries(damagedInputs()))('%s plays or ends in a clear error', async (name, bytes) => {
    expect(ANY).toContain(await play(bytes, name))
  })

  test('an MKV cut in its clusters plays up to the cut', async () => {
    const film = sampleBytes('mkv')
    expect(await play(film.subarray(0, Math.floor(film.length / 2)), 'half.mkv')).toMatch(
      /^(played|NO_KEYFRAME_INDEX)$/,
    )
  })
})

describe('any change in the index', () => {
  const films = { mkv: sampleBytes('mkv'), mp4: sampleBytes('mp4') }
  const seeds = Array.from({ length: 150 }, (_, i) => i)
  test('of an MKV plays or ends in a clear error', async () => {
    const cues = films.mkv.lastIndexOf(Buffer.from('1c53bb6b', 'hex'))
    for (const seed of seeds) {
      const [from, to] = seed % 3 === 0 ? [cues, films.mkv.length] : [0, 700]
      expect(ANY, `seed ${seed}`).toContain(await play(flipped(films.mkv, from, to, seed), 'flipped.mkv'))
    }
  })
  test('of an MP4 plays or ends in a clear error', async () => {
    const moov = films.mp4.lastIndexOf('moov') - 4
    for (const seed of seeds) {
      expect(ANY, `seed ${seed}`).toContain(await play(flipped(films.mp4, moov, moov + 4000, seed), 'flipped.mp4'))
    }
  })
  test('of an MKV cluster plays or ends in a clear error', async () => {
    for (const seed of seeds.slice(0, 40)) {
      const from = 600 + seed * 20_000
      expect(ANY, `seed ${seed}`).toContain(await play(flipped(films.mkv, from, from + 400, seed), 'flipped.mkv'))
    }
  })
})

describe('what is no file', () => {
  test.each([
    ['a folder', import.meta.dirname, ['BAD_REQUEST', 'SOURCE_UNREACHABLE']],
    ['a missing path', '/no/such/film.mkv', ['NOT_FOUND', 'SOURCE_UNREACHABLE']],
    ['a URL that is refused', 'http://127.0.0.1:9/film.mkv', ['SOURCE_UNREACHABLE']],
    ['a protocol that is none', 'ftp://127.0.0.1/film.mkv', ['BAD_REQUEST', 'SOURCE_UNREACHABLE', 'NOT_FOUND']],
    ['an empty path', '', ['BAD_REQUEST', 'NOT_FOUND']],
  ])('%s', async (_, input, codes) => {
    const error = await openMedia(input).then(
      () => undefined,
      reason => reason,
    )
    expect(error).toBeInstanceOf(CuemuxError)
    expect(codes).toContain(error.code)
  })
})
