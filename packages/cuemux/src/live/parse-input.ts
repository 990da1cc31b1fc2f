import { CuemuxError } from '@cuemux/core'
import type { DeviceLiveInput, LiveInput } from '@cuemux/ffmpeg'

const HINT =
  'Give an http(s) address of a transport stream or an HLS playlist, rtsp://, udp://, srt://, /dev/video0, v4l2:, deltacast:N, decklink:NAME or lavfi:GRAPH.'
const DEVICES = ['v4l2', 'deltacast', 'decklink'] as const

/**
 * A live input as it is typed: `http(s)://…` (`….m3u8` is HLS), `rtsp://…`, `udp://GROUP:PORT`, `srt://HOST:PORT`,
 * `/dev/video0`, `v4l2:/dev/video0`, `deltacast:0`, `decklink:NAME`, `lavfi:testsrc2=…`.
 *
 * @throws CuemuxError `BAD_REQUEST` for what is none of these
 */
export function parseLiveInput(text: string): LiveInput {
  const [, scheme = '', rest = ''] = /^([a-z0-9+.-]+):(.*)$/is.exec(text) ?? []
  const name = scheme.toLowerCase()
  const device = DEVICES.find(system => system === name)
  if (/^\/dev\/./.test(text)) return { kind: 'device', system: 'v4l2', name: text }
  if (name === 'lavfi') return { kind: 'lavfi', graph: rest }
  if (device !== undefined)
    return { kind: 'device', system: device, name: rest.replace(/^\/\/(?!\/)/, '') } satisfies DeviceLiveInput
  if (name === 'http' || name === 'https') return { kind: isPlaylist(text) ? 'hls' : 'http-ts', url: text }
  if (name === 'rtsp' || name === 'rtsps') return { kind: 'rtsp', url: text }
  if (name === 'udp' || name === 'srt') return packetInput(name, text)
  throw new CuemuxError('BAD_REQUEST', `'${text.slice(0, 100)}' is no live input.`, { hint: HINT })
}

function isPlaylist(url: string): boolean {
  return /\.m3u8?$/i.test(url.replace(/[?#].*$/s, ''))
}

/** `udp://@239.0.0.1:1234` and `srt://host:9000?mode=listener&streamid=…&passphrase=…&latency=MS`. */
function packetInput(kind: 'udp' | 'srt', text: string): LiveInput {
  let url: URL
  try {
    // A URL of a scheme that it doesn't know has no host of its own rules: read as one of HTTP.
    url = new URL(text.replace(/^[a-z]+:\/\/@?/i, 'http://'))
  } catch (error) {
    throw new CuemuxError('BAD_REQUEST', `'${text.slice(0, 100)}' is no address.`, { cause: error, hint: HINT })
  }
  const port = url.port === '' && /:80(?:[/?]|$)/.test(text) ? 80 : Number(url.port)
  const query = url.searchParams
  if (kind === 'udp') {
    const localAddress = query.get('localaddr') ?? undefined
    return { kind, host: url.hostname, port, ...(localAddress === undefined ? {} : { localAddress }) }
  }
  const mode = query.get('mode')
  const [streamId, passphrase, latency] = ['streamid', 'passphrase', 'latency'].map(key => query.get(key) ?? undefined)
  return {
    kind,
    host: url.hostname,
    port,
    ...(mode === 'listener' || mode === 'caller' ? { mode } : {}),
    ...(streamId === undefined ? {} : { streamId }),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(latency === undefined ? {} : { latencyMs: Number(latency) }),
  }
}
