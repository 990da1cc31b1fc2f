// Live streams whose ffmpeg dies, hangs, or isn't there, and whose input is gone, silent or nonsense: they come back, or end with
// one clear error; nothing is left behind.
import { spawn } from 'node:child_process'
import { chmod, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { createLiveStream, createPreviewManager, type LiveStream, type LiveStreamOptions } from 'cuemux'
import { afterAll, beforeAll, describe, expect, test as oneTest, type TestContext } from 'vitest'
import { makeMedia } from '../media/media.js'
import { descendants, eventually, isAlive } from '../support/children.js'
import { type LiveEvents, liveEvents } from '../support/live-events.js'
import { serveLive } from '../support/live-server.js'

const PICTURE = 'lavfi:testsrc2=size=320x180:rate=10[out0];sine=frequency=440[out1]'
const main = fileURLToPath(new URL('../../packages/cli/dist/main.js', import.meta.url))
let folder = ''
/** Side by side: most of the time they wait. */
const test = oneTest.concurrent

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cuemux-live-faults-'))
})
afterAll(async () => {
  // No ffmpeg outlives its stream.
  expect(await eventually(() => descendants(process.pid, 'ffmpeg').length === 0, 10_000)).toBe(true)
  await rm(folder, { recursive: true, force: true })
})

interface Rig {
  readonly stream: LiveStream
  readonly events: LiveEvents
}

function play({ onTestFinished }: TestContext, options: Partial<LiveStreamOptions> = {}): Rig {
  const events = liveEvents()
  const stream = createLiveStream({
    ...{ input: PICTURE, mode: 'encode', segmentDurationMs: 500, onEvent: events.onEvent },
    ...{ reconnect: { initialMs: 50, maxMs: 200 }, video: { maxHeight: 180, preset: 'ultrafast' } },
    ...options,
  })
  onTestFinished(() => stream.close())
  return { stream, events }
}

async function serve({ onTestFinished }: TestContext, listener: RequestListener): Promise<string> {
  const server: Server = createServer(listener)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/live.ts`
}

/** A program in place of ffmpeg. */
async function fake(name: string, script: string): Promise<string> {
  const file = path.join(folder, name)
  await writeFile(file, `#!/bin/sh\n${script}\n`)
  await chmod(file, 0o755)
  return file
}

describe('an ffmpeg', () => {
  test('that is killed is replaced, and the stream goes on behind a discontinuity', async context => {
    const { stream, events } = play(context)
    await stream.ready
    const { pid = 0 } = stream.stats
    process.kill(pid, 'SIGKILL')
    expect(await events.next('reconnect')).toMatchObject({ attempt: 1, error: { code: 'ENCODER_FAILED' } })
    await events.next('segment', ({ isDiscontinuity }) => isDiscontinuity)
    expect([stream.state, stream.stats.restarts]).toEqual(['running', 1])
    expect(stream.stats.pid).not.toBe(pid)
  })

  test('that hangs is ended and replaced', async context => {
    const { stream, events } = play(context, { stallTimeoutMs: 1000 })
    await stream.ready
    process.kill(stream.stats.pid ?? 0, 'SIGSTOP')
    const { error } = await events.next('reconnect')
    expect(error).toMatchObject({ code: 'SOURCE_UNREACHABLE', message: 'Nothing came for 1000 ms.' })
    await events.next('segment', ({ isDiscontinuity }) => isDiscontinuity)
    expect(stream.state).toBe('running')
  })

  test('that hangs is killed when the stream is closed', async context => {
    const { stream } = play(context)
    await stream.ready
    const { pid = 0 } = stream.stats
    process.kill(pid, 'SIGSTOP')
    await stream.close()
    expect([isAlive(pid), stream.state]).toEqual([false, 'closed'])
  })

  test('that isn’t there is one clear error, at once', async context => {
    const { stream, events } = play(context, { ffmpeg: path.join(folder, 'nothing') })
    await expect(stream.ready).rejects.toMatchObject({ code: 'ENCODER_MISSING' })
    await stream.done
    expect([stream.state, events.all.filter(({ type }) => type === 'reconnect').length]).toEqual(['failed', 0])
  })

  test.for([
    ['fails at once', 'echo "no such device" >&2; exit 1', 'ENCODER_FAILED', 20_000],
    ['writes nonsense', 'echo nonsense, and more of it; sleep 2', 'ENCODER_FAILED', 20_000],
    ['never writes anything', 'exec sleep 60', 'SOURCE_UNREACHABLE', 300],
    ['takes no end', "trap '' TERM INT; while :; do sleep 1; done", 'SOURCE_UNREACHABLE', 300],
  ] as const)('that %s is given up after some attempts', async ([name, script, code, startTimeoutMs], context) => {
    const ffmpeg = await fake(name.replace(/ /g, '-'), script)
    const reconnect = { initialMs: 10, maxMs: 20, maxFirstAttempts: 1 }
    const { stream, events } = play(context, { ffmpeg, startTimeoutMs, reconnect })
    await expect(stream.ready).rejects.toMatchObject({ code })
    await stream.done
    expect([stream.state, events.all.filter(({ type }) => type === 'reconnect').length]).toEqual(['failed', 1])
    const response = await stream.handle(new Request('http://localhost/master.m3u8'), 'master.m3u8')
    expect(response.status).toBeGreaterThanOrEqual(500)
  })
})

describe('an input', () => {
  test('that falls silent is opened anew', async context => {
    const sender = await serveLive(await makeMedia('h264_aac.ts'), 30_000)
    context.onTestFinished(() => sender.close())
    const { stream, events } = play(context, { input: sender.url, mode: 'auto', stallTimeoutMs: 1500 })
    await stream.ready
    sender.hang()
    expect(await events.next('reconnect')).toMatchObject({ error: { code: 'SOURCE_UNREACHABLE' } })
    sender.mend()
    await events.next('segment', ({ isDiscontinuity }) => isDiscontinuity)
  })

  test.for<[string, RequestListener, string, number?]>([
    ['is not there', (_, response) => void response.writeHead(404).end(), 'answers 404'],
    ['says nothing', (_, response) => void response.writeHead(200).flushHeaders(), 'said nothing within 800 ms', 800],
    ['is nonsense', (_, response) => void response.end('nonsense'.repeat(10_000)), 'can not be read'],
    ['breaks off at once', (_, response) => void response.destroy(), "can't be read"],
  ])('that %s is given up with its reason', async ([, listener, reason, startTimeoutMs = 20_000], context) => {
    const input = await serve(context, listener)
    const reconnect = { initialMs: 10, maxMs: 20, maxFirstAttempts: 1 }
    const { stream } = play(context, { input, startTimeoutMs, reconnect })
    await expect(stream.ready).rejects.toMatchObject({
      ...{ code: 'SOURCE_UNREACHABLE', message: expect.stringContaining(reason) },
    })
  })

  test('that is an HLS playlist of nothing is given up with its reason', async context => {
    const url = await serve(context, (_, response) => void response.end('<html>'))
    const { stream } = play(context, { input: { kind: 'hls', url }, reconnect: { initialMs: 10, maxFirstAttempts: 0 } })
    await expect(stream.ready).rejects.toMatchObject({ code: 'CORRUPT_INDEX' })
  })

  test('of somebody who is not trusted is not followed into the network', async context => {
    const inside: string[] = []
    const url = await serve(context, (request, response) => {
      inside.push(request.url ?? '')
      response.end()
    })
    const addressPolicy = { allowHosts: ['localhost'] }
    const input = url.replace('127.0.0.1', 'localhost')
    const { stream } = play(context, { input, addressPolicy })
    await expect(stream.ready).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    expect(inside).toEqual([])
  })
})

test('a folder that can not be written is one clear error, and ffmpeg ends', async context => {
  const file = path.join(folder, 'a-file')
  await writeFile(file, '')
  const { stream } = play(context, { folder: path.join(file, 'below') })
  await expect(stream.ready).rejects.toMatchObject({ code: 'OUTPUT_FAILED' })
})

test('a folder that is gone while it plays ends the stream', async context => {
  const out = path.join(folder, 'gone')
  const { stream } = play(context, { folder: out })
  await stream.ready
  await rename(out, `${out}-away`)
  await stream.done
  expect([stream.state, stream.error?.code]).toEqual(['failed', 'OUTPUT_FAILED'])
})

test('previews that hang are stopped side by side', async () => {
  const previews = createPreviewManager({
    ...{ folder: path.join(folder, 'previews'), input: () => PICTURE, segmentDurationMs: 500 },
    video: { maxWidth: 320, maxHeight: 180, bitrateBps: 300_000 },
  })
  const ports = [0, 1, 2, 3]
  await Promise.all(ports.map(port => previews.start(port)))
  await Promise.all(ports.map(port => previews.ready(port)))
  const pids = ports.map(port => previews.stats(port)?.pid ?? 0)
  for (const pid of pids) process.kill(pid, 'SIGSTOP')
  const startedAt = performance.now()
  await previews.stopAll()
  // Each takes 5 s until SIGKILL: one after the other they would take 20.
  expect(performance.now() - startedAt).toBeLessThan(15_000)
  expect(pids.map(isAlive)).toEqual([false, false, false, false])
  expect(await readdir(path.join(folder, 'previews'))).toEqual([])
})

test('cuemux preview that is killed leaves no ffmpeg', async () => {
  const args = [main, 'preview', PICTURE, path.join(folder, 'killed'), '--json', '--segment-duration', '0.5']
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const line of createInterface(child.stdout)) if (line.includes('playlist')) break
  const encoders = descendants(child.pid ?? 0, 'ffmpeg')
  expect(encoders).toHaveLength(1)
  child.kill('SIGKILL')
  expect(await eventually(() => !encoders.some(isAlive), 10_000)).toBe(true)
})
