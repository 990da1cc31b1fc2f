import { CuemuxError } from '@cuemux/core'
import type { LiveInput } from '@cuemux/ffmpeg'
import { type AddressPolicy, checkAddress } from '@cuemux/source'
import { checkTestGraph } from './test-graph.js'

/** What callers that are not trusted may name: addresses that a policy can judge. */
const UNTRUSTED: ReadonlySet<LiveInput['kind']> = new Set(['http-ts', 'hls', 'rtsp', 'srt'])
/** A name, an IPv4 address, or an IPv6 address in brackets. */
const HOST = /^(?:[a-z0-9](?:[a-z0-9.-]{0,252}[a-z0-9])?|\[[0-9a-f:.]{2,45}\])$/i
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9a-z-]{1,100}$/i
const CONTROL = /\p{Cc}/u
const DEVICE_NAMES = {
  v4l2: /^\/dev\/[\w-]{1,40}(?:\/[\w.:-]{1,80}){0,3}$/,
  deltacast: /^\d{1,3}$/,
  decklink: /^[\p{L}\p{N}(][\p{L}\p{N} ()#.:_+-]{0,100}$/u,
} as const

/**
 * Checks a live input: nothing in it can be taken for an option or for another address than it says.
 *
 * @param policy where the input comes from somebody who isn't trusted: addresses alone are taken then, and only those
 *   that it allows
 * @throws CuemuxError `BAD_REQUEST`
 */
export function checkLiveInput(input: LiveInput, policy: AddressPolicy | undefined): LiveInput {
  if (policy !== undefined && !UNTRUSTED.has(input.kind)) {
    throw refused(`an input of kind ${input.kind} is not for callers that are not trusted`)
  }
  switch (input.kind) {
    case 'http-ts':
    case 'hls':
      checkUrl(input.url, ['http', 'https'], policy)
      checkHeaders(input)
      return input
    case 'rtsp':
      checkUrl(input.url, ['rtsp', 'rtsps'], policy)
      return input
    case 'udp':
      checkHost(input.host, input.port)
      if (input.localAddress !== undefined) checkHost(input.localAddress, 1)
      return input
    case 'srt':
      checkHost(input.host, input.port)
      if (policy !== undefined) {
        if (input.mode === 'listener') throw refused('waiting for a sender is not for callers that are not trusted')
        checkAddress(`http://${input.host}:${input.port}/`, { ...policy, schemes: ['http'] })
      }
      for (const text of [input.streamId, input.passphrase]) {
        if (text !== undefined && (CONTROL.test(text) || text.length > 512)) throw refused('a text of SRT is too long')
      }
      if (input.latencyMs !== undefined && !(input.latencyMs >= 0 && input.latencyMs <= 60_000)) {
        throw refused('the latency must be from 0 to 60000 ms')
      }
      return input
    case 'device':
      if (!DEVICE_NAMES[input.system].test(input.name) || input.name.includes('..')) {
        throw refused(`'${input.name.slice(0, 60)}' is no name of a ${input.system} device`)
      }
      return input
    case 'file':
      if (input.path.trim() === '' || CONTROL.test(input.path) || input.path.length > 4096)
        throw refused('it has no path')
      return input
    case 'lavfi':
      checkTestGraph(input.graph)
      return input
  }
}

function checkUrl(text: string, schemes: readonly string[], policy: AddressPolicy | undefined): void {
  const url = checkAddress(text, { ...(policy ?? { allowPrivate: true }), schemes })
  if (CONTROL.test(text) || url.hostname === '') throw refused('it has no host, or characters that no address has')
}

function checkHost(host: string, port: number): void {
  if (!HOST.test(host)) throw refused(`'${host.slice(0, 60)}' is no host`)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw refused('the port must be from 1 to 65535')
}

function checkHeaders({ headers = {}, userAgent = '' }: Extract<LiveInput, { kind: 'http-ts' | 'hls' }>): void {
  for (const [name, value] of [...Object.entries(headers), ['user-agent', userAgent]] as const) {
    if (!HEADER_NAME.test(name) || CONTROL.test(value)) throw refused('a header has characters that none may have')
  }
}

function refused(reason: string): CuemuxError {
  return new CuemuxError('BAD_REQUEST', `The live input is refused: ${reason}.`)
}
