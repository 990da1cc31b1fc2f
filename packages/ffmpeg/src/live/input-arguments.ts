import { CuemuxError } from '@cuemux/core'
import { MEDIA_FORMATS } from '../input/input-arguments.js'
import type { DeviceLiveInput, LiveInput, SrtLiveInput, UdpLiveInput } from './live-input.js'

/** What is looked at before a live stream's tracks are known. */
export interface LiveProbing {
  /** Bytes; default 5 MB, ffmpeg's own. */
  readonly probeBytes?: number | undefined
  /** Length of the stream, ms; default 3000. */
  readonly analyzeMs?: number | undefined
}

/** Containers and streams that a live address may bring; no playlists, which name further addresses. */
const LIVE_FORMATS = MEDIA_FORMATS.join(',')
const DEFAULT_PROBE_BYTES = 5_000_000
const DEFAULT_ANALYZE_MS = 3000
/** How long a connection may bring nothing before ffmpeg gives up by itself, µs. */
const NETWORK_TIMEOUT_US = '10000000'

/**
 * The options before `-i` and the inputs themselves. What is broken of a live stream is dropped, and missing times are
 * made. Nothing that a user says stands where an option could: addresses are built anew out of their parts.
 *
 * @param urls for `http-ts` and `hls`: addresses on 127.0.0.1 at which their bytes are read (see {@link LoopbackServer.serveFeed}), that of
 *   the pictures first; never the user's own
 * @throws CuemuxError `BAD_REQUEST` for an input of HTTP without such an address
 */
export function liveInputArguments(
  input: LiveInput,
  urls: readonly string[] = [],
  probing: LiveProbing = {},
): readonly string[] {
  const options = [
    ...['-fflags', '+discardcorrupt+genpts'],
    ...['-probesize', String(probing.probeBytes ?? DEFAULT_PROBE_BYTES)],
    ...['-analyzeduration', String((probing.analyzeMs ?? DEFAULT_ANALYZE_MS) * 1000)],
  ]
  switch (input.kind) {
    case 'http-ts':
    case 'hls':
      if (urls.length === 0) throw new CuemuxError('BAD_REQUEST', 'A stream of HTTP needs an address to be read at.')
      return urls.flatMap(url => [...options, ...fedArguments(url)])
    case 'rtsp':
      return [
        ...options,
        ...['-protocol_whitelist', 'rtsp,rtsps,rtp,udp,tcp,tls,crypto', '-timeout', NETWORK_TIMEOUT_US],
        ...['-rtsp_transport', input.transport ?? 'tcp', '-i', input.url],
      ]
    case 'udp':
      return [...options, '-protocol_whitelist', 'udp', '-format_whitelist', LIVE_FORMATS, '-i', udpUrl(input)]
    case 'srt':
      return [...options, ...srtArguments(input)]
    case 'device':
      return [...options, ...deviceArguments(input)]
    case 'file':
      return [
        ...[...options, '-protocol_whitelist', 'file', '-format_whitelist', LIVE_FORMATS, '-re'],
        ...[...(input.isLooped === true ? ['-stream_loop', '-1'] : []), '-i', `file:${input.path}`],
      ]
    case 'lavfi':
      // In real time, as anything live comes; no file may be read by a filter.
      return [...['-protocol_whitelist', '', '-re', '-f', 'lavfi', '-i', input.graph]]
  }
}

function fedArguments(url: string): readonly string[] {
  return ['-protocol_whitelist', 'http,tcp', '-format_whitelist', LIVE_FORMATS, '-seekable', '0', '-i', url]
}

function udpUrl({ host, port, localAddress }: UdpLiveInput): string {
  // A reader that is late for a moment loses nothing: 28,000 packets of 188 bytes.
  const query = ['fifo_size=28000', 'overrun_nonfatal=1', `timeout=${NETWORK_TIMEOUT_US}`]
  if (localAddress !== undefined) query.push(`localaddr=${localAddress}`)
  return `udp://${host}:${port}?${query.join('&')}`
}

function srtArguments({ host, port, mode, streamId, passphrase, latencyMs }: SrtLiveInput): readonly string[] {
  return [
    ...['-protocol_whitelist', 'srt', '-format_whitelist', LIVE_FORMATS, '-mode', mode ?? 'caller'],
    ...(streamId === undefined ? [] : ['-streamid', streamId]),
    ...(passphrase === undefined ? [] : ['-passphrase', passphrase]),
    ...(latencyMs === undefined ? [] : ['-latency', String(Math.round(latencyMs * 1000))]),
    ...['-i', `srt://${host}:${port}`],
  ]
}

function deviceArguments({ system, name, size, frameRate }: DeviceLiveInput): readonly string[] {
  if (system === 'deltacast') return ['-f', 'deltacast', '-i', `deltacast://${name}`]
  if (system === 'decklink') return ['-f', 'decklink', '-i', name]
  return [
    ...['-f', 'v4l2', '-thread_queue_size', '64'],
    ...(size === undefined ? [] : ['-video_size', `${size.width}x${size.height}`]),
    ...(frameRate === undefined ? [] : ['-framerate', String(frameRate)]),
    ...['-i', name],
  ]
}
