// Live streams judged by their bytes: what comes out joins exactly, and is what went in.

import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parsePlaylist } from '@cuemux/playlist'
import { createHandler, createLiveStream, type LiveStream, type LiveStreamOptions, toNodeListener } from 'cuemux'
import { afterAll, beforeAll, describe, test as oneTest, type TestContext } from 'vitest'
import { decodeErrors, decodeFrames, decodeSound, firstTime, PCM_RATE } from '../hls-check/decode.js'
import { makeMedia } from '../media/media.js'
import { type LiveEvents, liveEvents } from '../support/live-events.js'
import { type LiveServer, serveLive } from '../support/live-server.js'
import { runOrThrow } from '../support/process.js'

const PICTURE = 'testsrc2=size=320x180:rate=30000/1001[out0];sine=frequency=440:sample_rate=48000[out1]'
const TS_MS = 30_000
let folder = ''
let source = ''

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cuemux-live-'))
  source = await makeMedia('h264_aac.ts')
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Side by side: most of the time they wait for pictures to come. */
const test = oneTest.concurrent

/** A sender of the test's own. */
async function sending({ onTestFinished }: TestContext, file: string, durationMs: number): Promise<LiveServer> {
  const sender = await serveLive(file, durationMs)
  onTestFinished(() => sender.close())
  return sender
}

interface Rig {
  readonly stream: LiveStream
  readonly events: LiveEvents
  readonly out: string
  /** Waits until this many segments more are there. */
  segments(count: number): Promise<void>
}

let rigs = 0

function play({ onTestFinished }: TestContext, options: LiveStreamOptions): Rig {
  const events = liveEvents()
  const out = path.join(folder, `out${rigs++}`)
  const quick = { segmentDurationMs: 1000, reconnect: { initialMs: 100, maxMs: 500 } }
  const stream = createLiveStream({ ...quick, folder: out, onEvent: events.onEvent, ...options })
  onTestFinished(() => stream.close())
  return {
    ...{ stream, events, out },
    segments: async count => {
      for (let n = 0; n < count; n++) await events.next('segment')
    },
  }
}

interface Packet {
  readonly stream: number
  readonly pts: number
  readonly dts: number
}

/** The playlist's segments as one file per stretch between discontinuities. */
async function stretches(out: string): Promise<string[]> {
  const playlist = parsePlaylist(await readFile(path.join(out, 'playlist.m3u8'), 'utf8'), { strict: true })
  if (playlist.kind !== 'media') throw new Error('no media playlist')
  const files: string[] = []
  let map = playlist.map?.uri ?? ''
  let pieces: Buffer[] = []
  const flush = async (): Promise<void> => {
    const file = path.join(out, `stretch${files.length}.mp4`)
    await writeFile(file, Buffer.concat([await readFile(path.join(out, map)), ...pieces]))
    files.push(file)
    pieces = []
  }
  for (const segment of playlist.segments) {
    if (segment.isDiscontinuity && pieces.length > 0) await flush()
    map = segment.map?.uri ?? map
    pieces.push(await readFile(path.join(out, segment.uri)))
  }
  await flush()
  return files
}

async function packets(file: string): Promise<Packet[]> {
  const shown = ['-show_entries', 'packet=stream_index,pts,dts', '-of', 'csv=p=0']
  const { stdout } = await runOrThrow('ffprobe', ['-v', 'error', ...shown, file])
  return stdout
    .toString()
    .trim()
    .split('\n')
    .map(line => line.split(',').map(Number))
    .map(([stream = 0, pts = 0, dts = 0]) => ({ stream, pts, dts }))
}

/** Steps between the decode times of a stream. */
const steps = (all: readonly Packet[], stream: number): Set<number> => {
  const times = all.filter(packet => packet.stream === stream).map(({ dts }) => dts)
  return new Set(times.slice(1).map((time, i) => time - (times[i] ?? 0)))
}

describe('an encoded picture', () => {
  test('joins from segment to segment without a gap, each with its keyframe, in a valid playlist', async context => {
    const { expect } = context
    const { stream, segments, out } = play(context, { input: `lavfi:${PICTURE}`, mode: 'encode' })
    await segments(5)
    await stream.close()
    const [file = '', ...others] = await stretches(out)
    expect(others).toEqual([])
    expect(await decodeErrors(file)).toEqual([])
    const all = await packets(file)
    expect([steps(all, 0), steps(all, 1)]).toEqual([new Set([1001]), new Set([1024])])
    const playlist = parsePlaylist(await readFile(path.join(out, 'playlist.m3u8'), 'utf8'), { strict: true })
    expect(playlist).toMatchObject({ targetDuration: 1, hasIndependentSegments: true, isEnded: true })
    if (playlist.kind !== 'media') throw new Error('no media playlist')
    // 30 frames of 1001/30000 s are the first at or after a second; rounding takes the one before.
    for (const { durationUs } of playlist.segments.slice(0, -1)) expect([1_001_000, 967_633]).toContain(durationUs)
    const dates = playlist.segments.map(({ programDateTimeMs = 0 }) => programDateTimeMs)
    const ends = playlist.segments.map(({ durationUs }, i) => (dates[i] ?? 0) + durationUs / 1000)
    for (const [i, date] of dates.slice(1).entries()) expect(Math.abs(date - (ends[i] ?? 0))).toBeLessThanOrEqual(2)
  })

  test('slides: old files go, sequence numbers count on', async context => {
    const { expect } = context
    const { stream, segments, out } = play(context, {
      input: 'lavfi:testsrc2=size=320x180:rate=20',
      ...{ mode: 'encode', segmentDurationMs: 500, window: { kind: 'sliding', durationMs: 1500 } },
    })
    await segments(12)
    const playlist = parsePlaylist(await readFile(path.join(out, 'playlist.m3u8'), 'utf8'), { strict: true })
    if (playlist.kind !== 'media') throw new Error('no media playlist')
    expect(playlist.segments).toHaveLength(3)
    expect(playlist.mediaSequence).toBeGreaterThanOrEqual(8)
    // Listed ones, those that an older playlist names, and one that comes.
    const kept = (await readdir(out)).filter(name => name.endsWith('.m4s'))
    expect(kept.length).toBeLessThanOrEqual(3 + 4 + 1)
    await stream.close()
  })

  test('keeps everything as an EVENT, and ends where that is full', async context => {
    const { expect } = context
    const { stream, out } = play(context, {
      input: 'lavfi:testsrc2=size=320x180:rate=25',
      ...{ mode: 'encode', segmentDurationMs: 500, window: { kind: 'event', maxDurationMs: 2000 } },
    })
    await stream.done
    expect([stream.state, stream.error?.code]).toEqual(['failed', 'LIMIT_EXCEEDED'])
    const text = await readFile(path.join(out, 'playlist.m3u8'), 'utf8')
    expect(text).toContain('#EXT-X-PLAYLIST-TYPE:EVENT\n')
    expect(text).toContain('#EXT-X-ENDLIST')
    const playlist = parsePlaylist(text, { strict: true })
    if (playlist.kind === 'media') expect(playlist.segments.length).toBeGreaterThanOrEqual(4)
  })
})

describe('a transport stream by HTTP', () => {
  test('is copied, B-frames in their order, picture for picture as it was sent', async context => {
    const { expect } = context
    const sender = await sending(context, source, TS_MS)
    const { stream, events, segments, out } = play(context, { input: sender.url })
    await segments(3)
    await stream.close()
    expect(events.all.find(({ type }) => type === 'plan')).toMatchObject({ video: 'copied', audio: 'copied' })
    const [file = ''] = await stretches(out)
    const all = await packets(file)
    expect(steps(all, 0)).toEqual(new Set([1000]))
    expect(steps(all, 1)).toEqual(new Set([1024]))
    const [made, sent] = await Promise.all([decodeFrames(file), decodeFrames(source)])
    // Where it was closed the last pictures lack those between them, which would have come after.
    const whole = made.slice(0, -4)
    expect(whole.length).toBeGreaterThan(60)
    expect(whole.map(({ hash }) => hash)).toEqual(sent.slice(0, whole.length).map(({ hash }) => hash))
  })

  test('goes on behind a discontinuity when it breaks off and comes back', async context => {
    const { expect } = context
    const sender = await sending(context, source, TS_MS)
    const { stream, events, segments, out } = play(context, { input: sender.url })
    await segments(3)
    sender.break()
    const { attempt } = await events.next('reconnect')
    expect([attempt, stream.state]).toEqual([1, 'reconnecting'])
    await events.next('reconnect', event => event.attempt === 3)
    sender.mend()
    await events.next('segment', ({ isDiscontinuity }) => isDiscontinuity)
    await segments(2)
    expect(stream.state).toBe('running')
    await stream.close()
    const files = await stretches(out)
    expect(files).toHaveLength(2)
    for (const file of files) expect(await decodeErrors(file)).toEqual([])
    const [before = [], after = []] = await Promise.all(files.map(packets))
    const last = Math.max(...before.filter(packet => packet.stream === 0).map(({ dts }) => dts))
    const first = Math.min(...after.filter(packet => packet.stream === 0).map(({ dts }) => dts))
    // The timeline goes on: no overlap, and no hole of the time that nothing came.
    expect(first).toBeGreaterThan(last)
    expect(first - last).toBeLessThan(24_000)
  })

  test('is encoded where browsers do not play it', async context => {
    const { expect } = context
    const mpeg2 = path.join(folder, 'mpeg2.ts')
    const picture = ['-f', 'lavfi', '-i', 'testsrc2=size=352x288:rate=25:duration=12']
    const sound = ['-f', 'lavfi', '-i', 'sine=frequency=440:duration=12']
    const codecs = ['-c:v', 'mpeg2video', '-flags', '+ildct+ilme', '-top', '1', '-b:v', '2M', '-c:a', 'mp2']
    await runOrThrow('ffmpeg', ['-v', 'error', ...picture, ...sound, ...codecs, '-f', 'mpegts', mpeg2])
    const old = await sending(context, mpeg2, 12_000)
    const { stream, events, segments, out } = play(context, { input: old.url })
    await segments(2)
    await stream.close()
    expect(events.all.find(({ type }) => type === 'plan')).toEqual({
      ...{ type: 'plan', video: 'encoded: mpeg2video is not played by browsers' },
      audio: 'encoded: mp2 is not played by browsers',
    })
    const [file = ''] = await stretches(out)
    expect(await decodeErrors(file)).toEqual([])
    expect(steps(await packets(file), 0)).toEqual(new Set([1000]))
  })
})

test('a live HLS stream is read, its wanted variant, and comes out as it went in', async context => {
  const { expect } = context
  const first = play(context, {
    input: `lavfi:${PICTURE}`,
    mode: 'encode',
    window: { kind: 'sliding', durationMs: 10_000 },
  })
  await first.stream.ready
  const server = createServer(toNodeListener(request => first.stream.handle(request, new URL(request.url).pathname)))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  context.onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  const second = play(context, { input: { kind: 'hls', url: `http://127.0.0.1:${port}/master.m3u8`, maxHeight: 720 } })
  await second.segments(4)
  expect(second.events.all.find(({ type }) => type === 'plan')).toMatchObject({ video: 'copied', audio: 'copied' })
  // The first ends, and says so: the second has read all of it then, and ends as well.
  await first.stream.close()
  await second.stream.done
  expect(second.stream.state).toBe('ended')
  const [file = '', ...others] = await stretches(second.out)
  expect(others).toEqual([])
  expect(await decodeErrors(file)).toEqual([])
  const all = await packets(file)
  expect([steps(all, 0), steps(all, 1)]).toEqual([new Set([1001]), new Set([1024])])
})

test('a transport stream by UDP plays', async context => {
  const { expect } = context
  const socket = createSocket('udp4')
  await new Promise<void>(resolve => socket.bind(0, '127.0.0.1', resolve))
  const { port } = socket.address()
  await new Promise<void>(resolve => socket.close(resolve))
  const address = `udp://127.0.0.1:${port}`
  const send = ['-v', 'error', '-re', '-stream_loop', '-1', '-i', source, '-c', 'copy', '-f', 'mpegts']
  const child = spawn('ffmpeg', [...send, `${address}?pkt_size=1316`], { stdio: 'ignore' })
  context.onTestFinished(() => void child.kill('SIGKILL'))
  const { stream, segments, out } = play(context, { input: address })
  await segments(3)
  await stream.close()
  const [file = ''] = await stretches(out)
  expect(steps(await packets(file), 0)).toEqual(new Set([1000]))
})

test('a sender that changes its picture in mid-stream goes on behind a discontinuity, with another init segment', async context => {
  const { expect } = context
  const changing = path.join(folder, 'changing.ts')
  const parts = await Promise.all(
    ['640x360', '320x240'].map(async size => {
      const part = path.join(folder, `${size}.ts`)
      const picture = ['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=25:duration=4`]
      const codec = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '25', '-bf', '0', '-f', 'mpegts']
      const offset = size === '640x360' ? '0' : '4'
      await runOrThrow('ffmpeg', ['-v', 'error', ...picture, ...codec, '-output_ts_offset', offset, part])
      return readFile(part)
    }),
  )
  await writeFile(changing, Buffer.concat(parts))
  const sender = await sending(context, changing, 8000)
  const { stream, events, out } = play(context, { input: sender.url })
  await events.next('segment', ({ isDiscontinuity }) => isDiscontinuity)
  await stream.close()
  const sizes = await Promise.all(
    (await stretches(out)).slice(0, 2).map(async file => {
      expect(await decodeErrors(file)).toEqual([])
      const shown = ['-select_streams', 'v:0', '-show_entries', 'stream=width,height', '-of', 'csv=p=0']
      return (await runOrThrow('ffprobe', ['-v', 'error', ...shown, file])).stdout.toString().trim()
    }),
  )
  expect(sizes).toEqual(['640,360', '320,240'])
  expect(stream.stats.restarts).toBe(0)
})

test('sound in a playlist of its own stays with the picture', async context => {
  const { expect } = context
  const film = await makeMedia('h264_aac.mkv')
  const handler = createHandler({ resolve: () => film })
  const server = createServer(toNodeListener(handler))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  context.onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
    await handler.close()
  })
  const { port } = server.address() as AddressInfo
  const { stream, events, out } = play(context, { input: `http://127.0.0.1:${port}/film/master.m3u8` })
  // The playlist has an end: the last three segments are read, and the stream ends with them.
  await stream.done
  expect(stream.state).toBe('ended')
  expect(events.all.find(({ type }) => type === 'plan')).toMatchObject({ video: 'copied', audio: 'copied' })
  const [file = ''] = await stretches(out)
  const [made, sent] = [await decodeFrames(file), await decodeFrames(film)]
  const [first = { time: 0, hash: '' }] = made
  const at = sent.findIndex(({ hash }) => hash === first.hash)
  expect(made.map(({ hash }) => hash)).toEqual(sent.slice(at).map(({ hash }) => hash))
  const shift = first.time - (sent[at]?.time ?? 0)
  // The same place of the sound, a rising tone of which no two places are alike, at the same distance.
  const [heard, played] = [await decodeSound(file), await decodeSound(film)]
  const [start = 0] = [await firstTime(file, 'a:0')]
  const [filmStart = 0] = [await firstTime(film, 'a:0')]
  const piece = heard.subarray(PCM_RATE, PCM_RATE + 4800)
  const wanted = Math.round((start - shift - filmStart + 1) * PCM_RATE)
  const offBy = bestOffset(played, piece, wanted, 480)
  expect(Math.abs(offBy)).toBeLessThanOrEqual(PCM_RATE / 1000)
})

/** By how many samples a piece lies beside where it is wanted, at most `reach`: where it differs least. */
function bestOffset(sound: Int16Array, piece: Int16Array, wanted: number, reach: number): number {
  let best = { offset: 0, difference: Number.POSITIVE_INFINITY }
  for (let offset = -reach; offset <= reach; offset++) {
    let difference = 0
    for (let i = 0; i < piece.length; i += 4) {
      difference += Math.abs((piece[i] ?? 0) - (sound[wanted + offset + i] ?? 0))
    }
    if (difference < best.difference) best = { offset, difference }
  }
  return best.offset
}

test('a transport stream by SRT plays', async context => {
  const { expect } = context
  const socket = createSocket('udp4')
  await new Promise<void>(resolve => socket.bind(0, '127.0.0.1', resolve))
  const { port } = socket.address()
  await new Promise<void>(resolve => socket.close(resolve))
  const send = ['-v', 'error', '-re', '-stream_loop', '-1', '-i', source, '-c', 'copy', '-f', 'mpegts']
  const { stream, segments, out } = play(context, {
    input: { kind: 'srt', host: '127.0.0.1', port, mode: 'listener' },
    startTimeoutMs: 30_000,
  })
  // The probe takes a first connection, and what plays a second one.
  let isOver = false
  context.onTestFinished(() => {
    isOver = true
  })
  const connect = (): void => {
    if (isOver) return
    const child = spawn('ffmpeg', [...send, `srt://127.0.0.1:${port}?mode=caller`], { stdio: 'ignore' })
    context.onTestFinished(() => void child.kill('SIGKILL'))
    child.once('exit', () => setTimeout(connect, 200))
  }
  connect()
  await segments(2)
  await stream.close()
  const [file = ''] = await stretches(out)
  expect(steps(await packets(file), 0)).toEqual(new Set([1000]))
})
