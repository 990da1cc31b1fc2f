import { statSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { join, resolve } from 'node:path'
import { CuemuxError } from '@cuemux/core'
import type { LiveEvent, LiveStream } from 'cuemux'
import { formatBytes, formatCount, formatDuration } from '../format.js'
import type { Io } from '../io.js'
import { write, writeJson } from '../io.js'
import { createProgress, type Progress } from '../progress.js'
import { printable } from '../run.js'
import { type ParsedArguments, UsageError } from '../usage.js'
import { checkOptions, FIELDS, type OptionSchema, seconds } from '../validate.js'

const SCHEMA: OptionSchema = {
  $$strict: true,
  json: FIELDS.json,
  height: { type: 'number', convert: true, integer: true, min: 16, max: 16_384, optional: true },
  bitrate: { type: 'number', convert: true, min: 50, max: 200_000, optional: true },
  'segment-duration': seconds({ min: 0.5, max: 60 }),
  window: seconds({ min: 1, max: 86_400 }),
  serve: { type: 'number', convert: true, integer: true, min: 0, max: 65_535, optional: true },
  'low-latency': { type: 'boolean', optional: true },
}

interface PreviewCommandOptions {
  readonly json?: boolean
  readonly height?: number
  readonly bitrate?: number
  readonly 'segment-duration'?: number
  readonly window?: number
  readonly serve?: number
  readonly 'low-latency'?: boolean
}

const HOST = '127.0.0.1'
const DEFAULT_HEIGHT = 720
const DEFAULT_BITRATE_KBPS = 5000
const DEFAULT_SEGMENT_S = { usual: 5, lowLatency: 2 }
const SEGMENTS = 3

/** `cuemux preview INPUT OUT_DIR`: encodes a live input into an HLS folder until the user, or the input, ends it. */
export async function preview(parsed: ParsedArguments, io: Io): Promise<void> {
  const [text = '', folder = ''] = parsed.positionals
  const options = await checkOptions<PreviewCommandOptions>(SCHEMA, parsed.values)
  const input = inputOf(text)
  const { height = DEFAULT_HEIGHT, bitrate = DEFAULT_BITRATE_KBPS, json = false, serve } = options
  const isLowLatency = options['low-latency'] === true
  if (isLowLatency && serve === undefined) {
    throw new UsageError('--low-latency needs --serve: a folder of files can not make players wait for a part.')
  }
  const segmentS = options['segment-duration'] ?? DEFAULT_SEGMENT_S[isLowLatency ? 'lowLatency' : 'usual']
  const progress = createProgress(io, { json })
  const startedAt = performance.now()
  const { createLiveStream, toNodeListener } = await io.loadCuemux()
  const stream = createLiveStream({
    ...{ input, folder, mode: 'encode', segmentDurationMs: segmentS * 1000, lowLatency: isLowLatency },
    window: { kind: 'sliding', durationMs: (options.window ?? SEGMENTS * segmentS) * 1000 },
    video: {
      ...{ maxHeight: height, maxWidth: Math.ceil((height * 16) / 9), bitrateBps: Math.round(bitrate * 1000) },
      preset: 'ultrafast',
    },
    // What this machine's camera sees is for no page of another site.
    cors: false,
    signal: io.signal,
    onEvent: event => tell(event, stream, progress, io),
  })
  let server: PreviewServer | undefined
  try {
    if (!(await isReady(stream, io.signal))) return
    server = serve === undefined ? undefined : await serveStream(stream, serve, toNodeListener)
    const playlist = join(folder, 'playlist.m3u8')
    const place = { playlist, ...(server === undefined ? {} : { url: server.url }) }
    if (json) await writeJson(io.stdout, place)
    else await write(io.stdout, `${[playlist, place.url].filter(Boolean).join('\n')}\n`)
    await stream.done
  } finally {
    await stream.close()
    server?.close()
    progress.clear()
  }
  if (stream.error !== undefined) throw stream.error
  const { segments, byteLength, restarts } = stream.stats
  if (json) return writeJson(io.stdout, { playlist: join(folder, 'playlist.m3u8'), segments, byteLength, restarts })
  const elapsed = formatDuration(performance.now() - startedAt)
  await write(io.stdout, `${formatCount(segments, 'segment')}, ${formatBytes(byteLength)} in ${elapsed}\n`)
}

/** A film on this machine, which is played as if it was live. */
/** A film's path as a live input; addresses, devices and test pictures are read by the library. */
function inputOf(text: string): string | { readonly kind: 'file'; readonly path: string } {
  const found = statSync(text, { throwIfNoEntry: false })
  if (found?.isFile() === true) return { kind: 'file', path: resolve(text) }
  if (/^(?:[a-z0-9+.-]{2,}:|\/dev\/)/i.test(text)) return text
  if (found === undefined) throw new CuemuxError('NOT_FOUND', `There is no file ${resolve(text)}.`)
  throw new CuemuxError('BAD_REQUEST', `${resolve(text)} is no film and no device.`)
}

/** Waits for the first segment; `false` where the user ended it before. */
async function isReady(stream: LiveStream, signal: AbortSignal): Promise<boolean> {
  try {
    await stream.ready
    return true
  } catch (error) {
    if (signal.aborted) return false
    throw error
  }
}

function tell(event: LiveEvent, stream: LiveStream, progress: Progress, io: Io): void {
  if (event.type === 'reconnect') {
    progress.clear()
    const after = `trying again in ${(event.delayMs / 1000).toFixed(1)} s`
    io.stderr.write(`${printable(event.error.describe())} ${after}\n`)
  } else if (event.type === 'segment') {
    const { segments, byteLength, speed } = stream.stats
    const rate = speed === undefined ? '' : `, ${speed.toFixed(2)} × real time`
    progress.show(`${formatCount(segments, 'segment')}, ${formatBytes(byteLength)}${rate}`)
  }
}

interface PreviewServer {
  readonly url: string
  close(): void
}

/** @throws CuemuxError `BAD_REQUEST` where the port is taken */
async function serveStream(
  stream: LiveStream,
  port: number,
  toNodeListener: typeof import('cuemux').toNodeListener,
): Promise<PreviewServer> {
  const [{ listen }, { isOwnHost }] = await Promise.all([import('./serve.js'), import('../server/page-server.js')])
  const listener = toNodeListener(async request => {
    const { host, pathname } = new URL(request.url)
    if (!isOwnHost(host, HOST)) return new Response('This host name is not served here.', { status: 403 })
    return stream.handle(request, pathname)
  })
  const server: Server = createServer(listener)
  const bound = await listen(server, HOST, port)
  return {
    url: `http://${HOST}:${bound}/master.m3u8`,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
