import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { CuemuxError } from '@cuemux/core'
import type { Media, MediaInfo } from 'cuemux'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Io } from './io.js'
import { describeFailure, run } from './run.js'

const INFO: MediaInfo = {
  name: 'film.mkv',
  container: 'matroska',
  foundBy: 'cues',
  sizeBytes: 2_000_000,
  durationMs: 60_000,
  title: 'A \u001b[31mfilm',
  isTruncated: false,
  closedGops: true,
  keyframes: { count: 30, meanSpacingMs: 2000, maxSpacingMs: 2500 },
  chapters: [],
  attachments: [],
  tracks: [
    {
      id: 1,
      kind: 'video',
      codec: 'h264',
      codecString: 'avc1.64001e',
      containerCodec: 'V_MPEG4/ISO/AVC',
      language: 'und',
      title: undefined,
      isDefault: true,
      isForced: false,
      roles: [],
      bitrateBps: undefined,
      startMs: 0,
      durationMs: 60_000,
      width: 640,
      height: 360,
      frameRate: 24,
    },
  ],
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Names and contents of a presentation. */
const RESOURCES: Readonly<Record<string, string>> = {
  'master.m3u8': '#EXTM3U master',
  'video-1/playlist.m3u8': '#EXTM3U video',
  'video-1/init.mp4': 'init',
  'video-1/0.m4s': 'zero',
  'video-1/1.m4s': 'one',
}

function kindOf(path: string): 'master' | 'playlist' | 'init' | 'segment' {
  if (path.endsWith('.m3u8')) return path === 'master.m3u8' ? 'master' : 'playlist'
  return path.endsWith('init.mp4') ? 'init' : 'segment'
}

interface Fake {
  /** Paths of the resources that were made, and `close`, in order. */
  readonly log: string[]
  /** A path whose making fails. */
  broken: string | undefined
  key: string
}

let folder: string
let fake: Fake

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cuemux-cli-'))
  fake = { log: [], broken: undefined, key: 'file:a' }
})
afterEach(() => rm(folder, { recursive: true }))

/** A film of which only what the commands use is there. */
function fakeMedia(): Media {
  const entries = Object.keys(RESOURCES).map(path => ({ path, kind: kindOf(path), contentType: 'x/y' }))
  const media = {
    source: { key: fake.key, name: 'film.mkv', sizeBytes: 2_000_000 },
    info: INFO,
    decisions: () => [{ trackId: 1, kind: 'video', action: 'copy', reason: 'H.264 plays in every browser' }],
    hls: async () => ({
      resources: async () => entries,
      resource: async (path: string) => {
        if (path === fake.broken)
          throw new CuemuxError('CORRUPT_MEDIA', 'The block is broken.', { at: { offsetBytes: 7 } })
        fake.log.push(path)
        const piece = bytes(RESOURCES[path] ?? '')
        return {
          path,
          kind: kindOf(path),
          byteLength: piece.byteLength,
          pieces: [piece.subarray(0, 2), piece.subarray(2)],
        }
      },
    }),
    stream: async ({ startMs = 0 }) => ({
      startMs,
      durationMs: 4000,
      async *chunks() {
        yield [bytes('ftyp'), bytes('moov')]
        if (fake.broken === 'stream') throw new CuemuxError('SOURCE_CHANGED', 'The film has changed.')
        yield [bytes('moof')]
      },
    }),
    close: async () => void fake.log.push('close'),
  }
  // Nothing else of a film is touched by the commands.
  return media as unknown as Media
}

interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

async function cuemux(...args: string[]): Promise<Outcome> {
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  const io: Io = {
    stdout,
    stderr,
    signal: new AbortController().signal,
    loadCuemux: async () => ({
      openMedia: async () => fakeMedia(),
      createHandler: () =>
        Object.assign(async () => new Response(), {
          sign: async () => '',
          metrics: () => ({}) as never,
          close: async () => {},
        }),
      createLadder: () => Promise.reject<never>(new Error('No ladder is made here.')),
      createLiveStream: () => {
        throw new CuemuxError('BAD_REQUEST', 'No live input here.')
      },
      createSessionManager: () => {
        throw new Error('No session is started here.')
      },
      toNodeListener: () => () => {},
    }),
  }
  const code = await run(args, io)
  const text = (stream: PassThrough): string => String(stream.read() ?? '')
  return { code, stdout: text(stdout), stderr: text(stderr) }
}

describe('cuemux preview', () => {
  it('says what is wrong with its options and its input', async () => {
    const wrong = await cuemux('preview', 'lavfi:testsrc2', 'out', '--low-latency')
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('--low-latency needs --serve') })
    const height = await cuemux('preview', 'lavfi:testsrc2', 'out', '--height', 'tall')
    expect(height).toMatchObject({ code: 2, stderr: "cuemux: --height must be a number, not 'tall'.\n" })
    const missing = await cuemux('preview', '/films/no such film.mkv', 'out')
    const line = 'cuemux: NOT_FOUND: There is no file /films/no such film.mkv.\n'
    expect(missing).toMatchObject({ code: 1, stderr: line })
    const folder = await cuemux('preview', '/', 'out')
    expect(folder).toMatchObject({ code: 1, stderr: 'cuemux: BAD_REQUEST: / is no film and no device.\n' })
    const refused = await cuemux('preview', 'ftp://host/film.mkv', 'out')
    expect(refused).toMatchObject({ code: 1, stderr: 'cuemux: BAD_REQUEST: No live input here.\n' })
  })
})

describe('the command line', () => {
  it.each([
    [[], 'cuemux: No command. See: cuemux --help\n'],
    [['play'], "cuemux: Unknown command 'play'. See: cuemux --help\n"],
    [['--loud'], "cuemux: Unknown option '--loud'. See: cuemux --help\n"],
    [['probe'], 'cuemux: cuemux probe needs INPUT. See: cuemux probe --help\n'],
    [['probe', 'a', 'b'], "cuemux: One argument too many: 'b'. See: cuemux probe --help\n"],
    [['probe', 'a', '--loud'], "cuemux: Unknown option '--loud'. See: cuemux probe --help\n"],
    [['hls', 'a', 'b', '--segment-duration', 'long'], "cuemux: --segment-duration must be a number, not 'long'.\n"],
    [['hls', 'a', 'b', '--segment-duration='], 'cuemux: --segment-duration must not be empty.\n'],
    [['hls', 'a', 'b', '--segment-duration', '61'], "cuemux: --segment-duration must be at most 60, not '61'.\n"],
    [
      ['hls', 'a', 'b', '--client', 'tv'],
      "cuemux: --client must be one of browser, safari, chromecast, native, not 'tv'.\n",
    ],
    [['remux', 'a', 'b', '--start=-1'], "cuemux: --start must be at least 0, not '-1'.\n"],
    [['ladder', 'a'], 'cuemux: cuemux ladder needs INPUT OUT. See: cuemux ladder --help\n'],
    [
      ['ladder', 'a', 's3://b/c'],
      'cuemux: OUT is a folder on this machine; give it, and the place as --to s3://b/c.\n',
    ],
    [['serve', '--sessions', 'x', '--workers', '2'], 'cuemux: --sessions is for one process: leave --workers out.\n'],
    [['serve', '--port', '1.5'], "cuemux: --port must be a whole number, not '1.5'.\n"],
  ])('ends with 2 and one line for %j', async (args, stderr) => {
    expect(await cuemux(...args)).toEqual({ code: 2, stdout: '', stderr })
  })

  it('serves nothing with a cache that can hold nothing', async () => {
    const file = fileURLToPath(import.meta.url)
    const stderr = `cuemux: OUTPUT_FAILED: Cannot write ${file}/cache: a part of the path is no folder.\n`
    expect(await cuemux('serve', '--port', '0', '--cache', `${file}/cache`)).toEqual({ code: 1, stdout: '', stderr })
  })

  it('names every option that is wrong', async () => {
    const { stderr } = await cuemux('hls', 'a', 'b', '--client', 'tv', '--segment-duration', '0', '--audio', '1')
    expect(stderr).toContain('--client must be')
    expect(stderr).toContain('--segment-duration must be at least 0.5')
    expect(stderr).toContain("--audio must be a language as en or pt-BR, not '1'")
    expect(stderr.match(/\n/g)).toHaveLength(1)
  })

  it('shows its help and version', async () => {
    expect((await cuemux('--help')).stdout).toMatch(
      /probe INPUT[\s\S]+hls INPUT OUT_DIR[\s\S]+serve \[INPUT…\][\s\S]+remux/,
    )
    const help = await cuemux('hls', '--help')
    expect(help.code).toBe(0)
    expect(help.stdout).toContain('--segment-duration S')
    expect((await cuemux('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})

describe('failures', () => {
  it('are one line with the code, the place and what to do', () => {
    const error = new CuemuxError('CORRUPT_INDEX', 'Cues lie\noutside.', {
      at: { path: 'Segment/Cues' },
      hint: 'Remux it.',
    })
    expect(describeFailure(error)).toBe('cuemux: CORRUPT_INDEX: Cues lie outside. (at Segment/Cues) Remux it.')
    expect(describeFailure(new TypeError('x is\n  not a function'))).toBe(
      'cuemux: Unexpected failure: x is not a function',
    )
  })

  it('let no control character of a file through', () => {
    expect(describeFailure(new CuemuxError('NOT_FOUND', 'no \u001b]0;title\u0007'))).toBe(
      'cuemux: NOT_FOUND: no \ufffd]0;title\ufffd',
    )
  })

  it('come as JSON too', async () => {
    fake.broken = 'video-1/1.m4s'
    const { code, stdout, stderr } = await cuemux('hls', 'film.mkv', join(folder, 'out'), '--json')
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toEqual({
      error: { code: 'CORRUPT_MEDIA', message: 'The block is broken.', at: { offsetBytes: 7 } },
    })
    expect(stderr).toBe('cuemux: CORRUPT_MEDIA: The block is broken. (at byte 7)\n')
  })
})

describe('probe', () => {
  it('prints a report', async () => {
    const { code, stdout } = await cuemux('probe', 'film.mkv')
    expect(code).toBe(0)
    expect(stdout).toBe(
      [
        'film.mkv',
        '  Title      A \ufffd[31mfilm',
        '  Container  Matroska, 2.0 MB, 267 kbit/s',
        '  Duration   1:00',
        '  Index      from its Cues',
        '  Keyframes  30 keyframes, 2 s apart on average, 2.5 s at most',
        '',
        "  For the client 'browser':",
        '    #1  video  H.264 (avc1.64001e)  und  640×360, 24 fps, default',
        '        copied: H.264 plays in every browser',
        '',
      ].join('\n'),
    )
  })

  it('prints the same as JSON', async () => {
    const json = JSON.parse((await cuemux('probe', 'film.mkv', '--json', '--client', 'safari')).stdout)
    expect(json).toMatchObject({ name: 'film.mkv', client: 'safari', tracks: [{ id: 1 }] })
    expect(json.decisions).toEqual([
      { trackId: 1, kind: 'video', action: 'copy', reason: 'H.264 plays in every browser' },
    ])
    expect(fake.log).toEqual(['close'])
  })
})

describe('hls', () => {
  const out = (): string => join(folder, 'out')
  const written = async (): Promise<string[]> => (await readdir(out(), { recursive: true })).sort()

  it('writes the whole presentation, its playlists last', async () => {
    const { code, stdout } = await cuemux('hls', 'film.mkv', out(), '--json')
    expect(code).toBe(0)
    const master = join(out(), 'master.m3u8')
    expect(JSON.parse(stdout)).toEqual({ output: out(), master, written: 5, kept: 0, byteLength: 38 })
    expect(await written()).toEqual([
      '.cuemux.json',
      'master.m3u8',
      'video-1',
      ...Object.keys(RESOURCES).slice(1).sort(),
    ])
    for (const [path, text] of Object.entries(RESOURCES)) expect(await readFile(join(out(), path), 'utf8')).toBe(text)
    expect(fake.log.slice(3)).toEqual(['video-1/playlist.m3u8', 'master.m3u8', 'close'])
  })

  it('goes on where it stopped, and makes again what is not as long as it was', async () => {
    fake.broken = 'video-1/1.m4s'
    expect((await cuemux('hls', 'film.mkv', out())).code).toBe(1)
    expect(await written()).not.toContain('master.m3u8')
    fake.broken = undefined
    fake.log.length = 0
    await writeFile(join(out(), 'video-1/0.m4s'), 'ze')
    const result = JSON.parse((await cuemux('hls', 'film.mkv', out(), '--json')).stdout)
    expect(result).toMatchObject({ written: 4, kept: 1 })
    expect(fake.log).not.toContain('video-1/init.mp4')
    expect(await readFile(join(out(), 'video-1/0.m4s'), 'utf8')).toBe('zero')
  })

  it('starts over for another film or other options, and leaves no playlist of the old one meanwhile', async () => {
    await cuemux('hls', 'film.mkv', out())
    fake.key = 'file:b'
    fake.broken = 'video-1/init.mp4'
    await cuemux('hls', 'other.mkv', out())
    expect(await written()).not.toContain('master.m3u8')
    fake.broken = undefined
    await cuemux('hls', 'other.mkv', out())
    const again = JSON.parse((await cuemux('hls', 'other.mkv', out(), '--json', '--segment-duration', '4')).stdout)
    expect(again).toMatchObject({ written: 5, kept: 0 })
  })

  it('takes away nothing that lies outside of the folder', async () => {
    await cuemux('hls', 'film.mkv', out())
    await writeFile(join(folder, 'mine'), 'mine')
    const evil = { version: 1, identity: 'another', finished: { '../mine': 4, 'video-1/../../mine': 4 } }
    await writeFile(join(out(), '.cuemux.json'), JSON.stringify(evil))
    await cuemux('hls', 'film.mkv', out())
    expect(await readFile(join(folder, 'mine'), 'utf8')).toBe('mine')
  })

  it('says what is in its way', async () => {
    await writeFile(out(), 'a file')
    const { code, stderr } = await cuemux('hls', 'film.mkv', out())
    expect(code).toBe(1)
    expect(stderr).toBe(`cuemux: OUTPUT_FAILED: Cannot write ${out()}: a file stands in its way.\n`)
  })
})

describe('remux', () => {
  const out = (): string => join(folder, 'out.mp4')

  it('writes one file', async () => {
    const { code, stdout } = await cuemux('remux', 'film.mkv', out(), '--start', '2', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual({ output: out(), byteLength: 12, startMs: 2000, durationMs: 4000 })
    expect(await readFile(out(), 'utf8')).toBe('ftypmoovmoof')
    expect(fake.log).toEqual(['close'])
  })

  it('leaves nothing half written, and what was there as it was', async () => {
    await writeFile(out(), 'old')
    fake.broken = 'stream'
    const { code, stderr } = await cuemux('remux', 'film.mkv', out())
    expect([code, stderr]).toEqual([1, 'cuemux: SOURCE_CHANGED: The film has changed.\n'])
    expect(await readdir(folder)).toEqual(['out.mp4'])
    expect(await readFile(out(), 'utf8')).toBe('old')
  })

  it('writes to stdout, and what it says beside it', async () => {
    const { stdout, stderr } = await cuemux('remux', 'film.mkv', '-', '--json')
    expect(stdout).toBe('ftypmoovmoof')
    expect(JSON.parse(stderr)).toEqual({ output: '-', byteLength: 12, startMs: 0, durationMs: 4000 })
  })

  it('does not write over the film itself', async () => {
    await writeFile(out(), 'film')
    const { code, stderr } = await cuemux('remux', out(), join(folder, '.', 'out.mp4'))
    expect([code, stderr]).toEqual([1, 'cuemux: BAD_REQUEST: OUTPUT is the same file as INPUT. Name another file.\n'])
  })
})
