import { lookup } from 'node:dns/promises'
import { CuemuxError } from '@cuemux/core'
import type { FfmpegRegistry, LiveInput, LoopbackServer, MediaAddress, OpenFeed } from '@cuemux/ffmpeg'
import { type AddressPolicy, checkResolved } from '@cuemux/source'
import { guardedFetch } from '@cuemux/source/node'
import { HlsFeed, resolveVariant } from './hls-feed.js'
import { httpFeed, type LiveFetch } from './http-feed.js'

/** ffmpeg's side of live streams, loaded when the first is started. */
export type FfmpegModule = typeof import('@cuemux/ffmpeg')

/** What opens live inputs. */
export interface InputTools {
  readonly module: FfmpegModule
  readonly registry: FfmpegRegistry
  readonly loopback: LoopbackServer
}

/** A live input that can be read. */
export interface OpenInput {
  /** For ffmpeg, in front of the output: one list for each input that it opens. */
  readonly inputs: readonly (readonly string[])[]
  /** Whether it has come to its own end, rather than broken off. */
  hasEnded(status: number | undefined): boolean
  /** What is known of a failure that ffmpeg doesn't know. */
  readonly sourceError: CuemuxError | undefined
  close(): Promise<void>
}

/**
 * Opens a checked input. What comes by HTTP is read by us and given to ffmpeg at an address on 127.0.0.1: the user's
 * address is in nobody's list of processes, and where it leads is our policy's to say.
 *
 * @throws CuemuxError `SOURCE_UNREACHABLE`, `BAD_REQUEST`, `CORRUPT_INDEX`
 */
export async function openInput(
  input: LiveInput,
  tools: InputTools,
  policy: AddressPolicy | undefined,
  signal: AbortSignal,
): Promise<OpenInput> {
  const { liveInputArguments } = tools.module
  if (input.kind === 'http-ts') {
    const from = fetchFor(input, policy)
    return fed(input, tools, [wanted => httpFeed(input.url, from, wanted)], () => false)
  }
  if (input.kind === 'hls') {
    const from = fetchFor(input, policy)
    const { url, audioUrl } = await resolveVariant(input, from, signal)
    const feeds = [url, ...(audioUrl === undefined ? [] : [audioUrl])].map(address => new HlsFeed(address, from))
    const opens = feeds.map(
      (feed): OpenFeed =>
        wanted =>
          feed.read(wanted),
    )
    return fed(input, tools, opens, () => feeds.every(({ hasEnded }) => hasEnded))
  }
  const pinned = policy === undefined ? input : await pinAddress(input, policy)
  return {
    inputs: [liveInputArguments(pinned)],
    hasEnded: status => (input.kind === 'lavfi' || input.kind === 'file') && status === 0,
    sourceError: undefined,
    close: async () => {},
  }
}

function fetchFor(
  input: Extract<LiveInput, { kind: 'http-ts' | 'hls' }>,
  policy: AddressPolicy | undefined,
): LiveFetch {
  return { http: input, fetch: policy === undefined ? globalThis.fetch : guardedFetch(policy) }
}

async function fed(
  input: LiveInput,
  { module, loopback }: InputTools,
  opens: readonly OpenFeed[],
  hasEnded: () => boolean,
): Promise<OpenInput> {
  const served = await Promise.all(opens.map(open => loopback.serveFeed(open)))
  const errorOf = (): CuemuxError | undefined =>
    served.map(({ sourceError }: MediaAddress) => sourceError).find(Boolean)
  return {
    inputs: served.map(({ url }) => module.liveInputArguments(input, [url])),
    hasEnded,
    get sourceError() {
      return errorOf()
    },
    close: async () => {
      await Promise.all(served.map(one => one.close()))
    },
  }
}

/**
 * The host as an address that was checked: what its name says later doesn't count.
 *
 * @throws CuemuxError `BAD_REQUEST` where the policy refuses it, `SOURCE_UNREACHABLE` for no such host
 */
export async function pinAddress(input: LiveInput, policy: AddressPolicy): Promise<LiveInput> {
  if (input.kind === 'rtsp') {
    const { protocol, username, password, hostname, port, pathname, search } = new URL(input.url)
    const user = username === '' ? '' : `${username}${password === '' ? '' : `:${password}`}@`
    const host = `${await resolved(hostname, policy)}${port === '' ? '' : `:${port}`}`
    return { ...input, url: `${protocol}//${user}${host}${pathname}${search}` }
  }
  return input.kind === 'srt' ? { ...input, host: await resolved(input.host, policy) } : input
}

async function resolved(host: string, policy: AddressPolicy): Promise<string> {
  const bare = host.replace(/^\[|\]$/g, '')
  const found = await lookup(bare, { all: true, verbatim: true }).catch(cause => {
    throw new CuemuxError('SOURCE_UNREACHABLE', 'There is no such host.', { cause })
  })
  for (const { address } of found) checkResolved(address, policy)
  const [first] = found
  if (first === undefined) throw new CuemuxError('SOURCE_UNREACHABLE', 'There is no such host.')
  return first.family === 6 ? `[${first.address}]` : first.address
}
