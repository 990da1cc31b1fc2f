// An ffmpeg that fails, hangs, writes nonsense, dies or isn't there: a clear error or the right segments, and nothing left behind.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type ByteSource, CuemuxError } from '@cuemux/core'
import { openFile } from '@cuemux/source/node'
import { createHandler, type EncoderEvent, type EncoderOptions, openMedia } from 'cuemux'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type FakeRuns, fakeRuns } from '../../packages/ffmpeg/testing/fakes.js'
import { makeMedia } from '../media/media.js'
import { descendants, eventually, isAlive } from '../support/children.js'
import { packetTimes } from '../support/probe.js'

const main = fileURLToPath(new URL('../../packages/cli/dist/main.js', import.meta.url))
const INSTALL = /Install ffmpeg|ffmpeg\.org/
let folder = ''
let sound = ''
let picture = ''

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cuemux-encoder-'))
  sound = await makeMedia('ac3_51.mkv')
  picture = await makeMedia('h264_10bit.mkv')
}, 120_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

const ffmpegs = (pid = process.pid): number[] => descendants(pid, 'ffmpeg')

/** Init segment and segments of a film's rendition, in one piece. */
async function encode(film: string, rendition: string, encoder: EncoderOptions, signal?: AbortSignal): Promise<Buffer> {
  const media = await openMedia(film, { encoder })
  try {
    const presentation = await media.hls()
    const parts: Uint8Array[] = []
    for (const file of ['init.mp4', '0.m4s', '1.m4s', '2.m4s']) {
      const asked = presentation.resource(`${rendition}/${file}`, signal === undefined ? {} : { signal })
      parts.push(...(await asked).pieces)
    }
    return Buffer.concat(parts)
  } finally {
    await media.close()
    expect(ffmpegs()).toEqual([])
  }
}

/** Times of a rendition's frames. */
async function timesOf(bytes: Buffer, stream: 'v:0' | 'a:0'): Promise<number[]> {
  const file = path.join(folder, `${stream[0]}.mp4`)
  await writeFile(file, bytes)
  return (await packetTimes(file, stream)).map(({ dtsMs }) => dtsMs)
}

const BROKEN: readonly FakeRuns[] = [
  { mode: 'fail' },
  { mode: 'silent-exit' },
  { mode: 'garbage' },
  { mode: 'hang' },
  { mode: 'die-at:3000' },
]

describe.each([
  { kind: 'sound', film: () => sound, rendition: 'audio-2' },
  { kind: 'pictures', film: () => picture, rendition: 'video-1' },
])('$kind', ({ film, rendition }) => {
  test.each(BROKEN)('by an ffmpeg that does this fail with its reason: $mode', async broken => {
    const encoder = { ffmpeg: fakeRuns(folder, broken), stallTimeoutMs: 500 }
    await expect(encode(film(), rendition, encoder)).rejects.toMatchObject({ code: 'ENCODER_FAILED' })
  })

  test('by an ffmpeg that dies once are as they are by one that lives', async () => {
    const stream = rendition === 'audio-2' ? 'a:0' : 'v:0'
    const right = await timesOf(await encode(film(), rendition, {}), stream)
    const ffmpeg = fakeRuns(folder, { mode: 'die-at:60000', once: true })
    expect(await timesOf(await encode(film(), rendition, { ffmpeg }), stream)).toEqual(right)
    expect(right.length).toBeGreaterThan(330)
    const runs = await readFile(`${ffmpeg}.runs`, 'utf8')
    expect(runs.split('\n').length).toBeGreaterThan(2)
  })

  test('that nobody waits for any more end with their ffmpeg', async () => {
    const encoder = { ffmpeg: fakeRuns(folder, { mode: 'hang' }) }
    const controller = new AbortController()
    const made = encode(film(), rendition, encoder, controller.signal)
    setTimeout(() => controller.abort(), 700)
    await expect(made).rejects.toMatchObject({ code: 'ABORTED' })
  })
})

test('a film that can not be read any more is no film that ends: no part of a segment is given for the whole', async () => {
  const inner = await openFile(picture)
  let isGone = false
  const source: ByteSource = {
    key: 'going',
    name: 'going.mkv',
    sizeBytes: inner.sizeBytes,
    seekCostBytes: inner.seekCostBytes,
    read: async (offsetBytes, lengthBytes, options) => {
      if (isGone && offsetBytes + lengthBytes > (inner.sizeBytes ?? 0) / 3) {
        throw new CuemuxError('SOURCE_UNREACHABLE', 'The film is out of reach.')
      }
      return inner.read(offsetBytes, lengthBytes, options)
    },
  }
  const media = await openMedia(source)
  const presentation = await media.hls()
  isGone = true
  const outcomes = await Promise.all(
    [0, 1, 2].map(n =>
      presentation.resource(`video-1/${n}.m4s`).then(
        () => 'made',
        error => error.code,
      ),
    ),
  )
  expect(outcomes[2]).toBe('SOURCE_UNREACHABLE')
  isGone = false
  const times = await timesOf(await encode(picture, 'video-1', {}), 'v:0')
  const parts = [await presentation.resource('video-1/init.mp4')]
  for (const n of [0, 1, 2]) parts.push(await presentation.resource(`video-1/${n}.m4s`))
  expect(await timesOf(Buffer.concat(parts.flatMap(({ pieces }) => pieces)), 'v:0')).toEqual(times)
  await media.close()
  await inner.close?.()
})

test.each([
  ['has no session left', { mode: 'nvenc-session', encoder: 'h264_nvenc' }],
  ['writes nonsense', { mode: 'garbage', encoder: 'h264_nvenc' }],
] as const)('pictures go on in software where NVENC %s, and an event says so', async (_, broken) => {
  const events: EncoderEvent[] = []
  const encoder: EncoderOptions = { ffmpeg: fakeRuns(folder, broken), onEvent: event => events.push(event) }
  const times = await timesOf(await encode(picture, 'video-1', encoder), 'v:0')
  expect(times).toEqual(await timesOf(await encode(picture, 'video-1', { encoder: 'software' }), 'v:0'))
  expect(events).toEqual([{ type: 'encoder-trouble', family: 'nvenc', reason: expect.any(String) }])
})

describe('without ffmpeg', () => {
  const handler = createHandler({
    resolve: id => ({ input: id === 'sound' ? sound : picture, options: { encoder: { ffmpeg: '/nowhere/ffmpeg' } } }),
    exposeErrors: true,
  })
  afterAll(() => handler.close())
  const get = (address: string): Promise<Response> => handler(new Request(`http://films/${address}`))

  test.each(['sound', 'picture'])('info.json of a film whose %s needs it says so, and what to install', async id => {
    const report = (await (await get(`${id}/info.json`)).json()) as { encoder: { isAvailable: boolean; hint: string } }
    expect(report.encoder).toEqual({ isAvailable: false, hint: expect.stringMatching(INSTALL) })
    const all = (await (await get(`${id}/info.json?client=native`)).json()) as object
    expect(all).not.toHaveProperty('encoder')
  })

  test('what is copied plays', async () => {
    expect((await get('sound/video-1/0.m4s')).status).toBe(200)
    expect(await (await get('sound/master.m3u8')).text()).not.toContain('audio')
  })

  test('what is not says what to install', async () => {
    const response = await get('picture/master.m3u8')
    expect(response.status).toBe(503)
    expect(await response.json()).toMatchObject({ title: 'ENCODER_MISSING', hint: expect.stringMatching(INSTALL) })
  })
})

describe('a process of its own', () => {
  const start = (...args: string[]): ChildProcess =>
    spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: fileURLToPath(new URL('..', import.meta.url)),
    })
  const ended = (child: ChildProcess): Promise<number | null> => new Promise(resolve => child.once('close', resolve))

  test('ends by itself where nobody closes a film that was encoded', async () => {
    const script = `import { openMedia } from 'cuemux'
      for (const [film, path] of ${JSON.stringify([
        [sound, 'audio-2/0.m4s'],
        [picture, 'video-1/0.m4s'],
      ])}) await (await (await openMedia(film)).hls()).resource(path)`
    const child = start('--input-type=module', '-e', script)
    const left = setTimeout(() => child.kill('SIGKILL'), 15_000)
    expect(await ended(child)).toBe(0)
    clearTimeout(left)
  }, 30_000)

  test('cuemux hls ends when it is done', async () => {
    const child = start(main, 'hls', sound, path.join(folder, 'out'), '--json')
    const code = ended(child)
    const said = new Promise<void>(resolve => child.stdout?.once('data', () => resolve()))
    await said
    expect(await Promise.race([code, new Promise(resolve => setTimeout(resolve, 6000, 'still there'))])).toBe(0)
  }, 30_000)

  test('cuemux hls ends its encoders when it is interrupted', async () => {
    const child = start(main, 'hls', picture, path.join(folder, 'interrupted'), '--json')
    const code = ended(child)
    const pid = child.pid ?? 0
    expect(await eventually(() => ffmpegs(pid).length > 0, 15_000)).toBe(true)
    const encoders = ffmpegs(pid)
    child.kill('SIGINT')
    expect(await code).toBe(130)
    expect(await eventually(() => !encoders.some(isAlive), 1000)).toBe(true)
  }, 30_000)

  test('cuemux serve that is killed leaves no encoder', async () => {
    const child = start(main, 'serve', picture, sound, '--json', '--port', '0')
    const lines = createInterface({ input: child.stdout ?? process.stdin })
    const [line] = (await new Promise<string[]>(resolve => lines.once('line', text => resolve([text])))) as [string]
    const { media } = JSON.parse(line) as { media: { master: string; name: string }[] }
    for (const { master, name } of media) {
      const file = name.startsWith('ac3') ? 'audio-2/0.m4s' : 'video-1/0.m4s'
      expect((await fetch(new URL(file, master))).status).toBe(200)
    }
    const encoders = ffmpegs(child.pid)
    expect(encoders.length).toBeGreaterThan(1)
    child.kill('SIGKILL')
    expect(await eventually(() => !encoders.some(isAlive), 5000)).toBe(true)
  }, 30_000)
})
