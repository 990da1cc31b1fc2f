import { createDecipheriv } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { CuemuxError } from '@cuemux/core'
import type { HlsLiveInput } from '@cuemux/ffmpeg'
import {
  chooseVariant,
  type ParsedMediaPlaylist,
  type PlaylistKey,
  type PlaylistSegment,
  parsePlaylist,
  resolveUri,
} from '@cuemux/playlist'
import { type LiveFetch, liveBytes } from './http-feed.js'

/** The playlists of the wanted variant. */
export interface HlsAddresses {
  readonly url: string
  /** Where its sound has a playlist of its own. */
  readonly audioUrl: string | undefined
}

const MAX_PLAYLIST_BYTES = 8 << 20
const MAX_SEGMENT_BYTES = 128 << 20
const KEY_BYTES = 16
/** How many segments before the end reading begins: a player would hold back three. */
const FIRST_SEGMENTS = 3
/** Requests for the playlist, or for a segment, that may fail in a row. */
const MAX_FAILURES = 4

/** Finds the wanted variant of a multivariant playlist. @throws CuemuxError `SOURCE_UNREACHABLE`, `CORRUPT_INDEX` */
export async function resolveVariant(input: HlsLiveInput, from: LiveFetch, signal: AbortSignal): Promise<HlsAddresses> {
  const { bytes, url } = await liveBytes(input.url, from, signal, { maxBytes: MAX_PLAYLIST_BYTES })
  const playlist = parsePlaylist(new TextDecoder().decode(bytes))
  if (playlist.kind === 'media') return { url: input.url, audioUrl: undefined }
  const { maxHeight, maxBandwidthBps } = input
  const variant = chooseVariant(playlist, { maxHeight, maxBandwidthBps })
  if (variant === undefined) throw new CuemuxError('CORRUPT_INDEX', 'The HLS playlist names no variant.')
  const sounds = (playlist.renditions ?? []).filter(
    ({ type, groupId, uri }) => type === 'AUDIO' && groupId === variant.audioGroup && uri !== undefined,
  )
  const sound = sounds.find(({ isDefault }) => isDefault) ?? sounds[0]
  return {
    url: resolveUri(variant.uri, url),
    audioUrl: sound?.uri === undefined ? undefined : resolveUri(sound.uri, url),
  }
}

/** One media playlist as one stream of bytes, from near its end on, as long as it goes on. */
export class HlsFeed {
  readonly #from: LiveFetch
  readonly #url: string
  readonly #keys = new Map<string, Promise<Uint8Array>>()
  #next: number | undefined
  #map: string | undefined
  #hasEnded = false

  constructor(url: string, from: LiveFetch) {
    this.#url = url
    this.#from = from
  }

  /** Whether the playlist has said that nothing follows, and all of it was read. */
  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** @throws CuemuxError `SOURCE_UNREACHABLE`, `CORRUPT_INDEX`, `ENCRYPTED`, `LIMIT_EXCEEDED` */
  async *read(signal: AbortSignal): AsyncGenerator<Uint8Array> {
    this.#next = undefined
    this.#map = undefined
    for (let failures = 0; ; ) {
      let playlist: ParsedMediaPlaylist
      let url: string
      try {
        ;({ playlist, url } = await this.#load(signal))
        failures = 0
      } catch (error) {
        if (++failures >= MAX_FAILURES || signal.aborted) throw error
        await delay(1000, undefined, { signal })
        continue
      }
      const before: number | undefined = this.#next
      for (const { number, segment, map, keys } of this.#fresh(playlist)) {
        this.#next = number + 1
        const mapUrl = map === undefined ? undefined : resolveUri(map.uri, url)
        if (mapUrl !== undefined && mapUrl !== this.#map) {
          // Another init segment in mid-stream is another stream: it is opened anew.
          if (this.#map !== undefined) return
          this.#map = mapUrl
          yield (await liveBytes(mapUrl, this.#from, signal, rangeOf(map?.byteRange))).bytes
        }
        yield* this.#segment(segment, number, keys, url, signal)
      }
      this.#hasEnded = playlist.isEnded === true
      if (this.#hasEnded) return
      // RFC 8216bis §6.3.4: after half a target duration where nothing was new.
      const waitMs = playlist.targetDuration * (this.#next === before ? 500 : 1000)
      await delay(Math.max(250, Math.min(waitMs, 10_000)), undefined, { signal })
    }
  }

  async #load(signal: AbortSignal): Promise<{ playlist: ParsedMediaPlaylist; url: string }> {
    const { bytes, url } = await liveBytes(this.#url, this.#from, signal, { maxBytes: MAX_PLAYLIST_BYTES })
    const playlist = parsePlaylist(new TextDecoder().decode(bytes))
    if (playlist.kind !== 'media')
      throw new CuemuxError('CORRUPT_INDEX', 'A variant of the playlist is no media playlist.')
    return { playlist, url }
  }

  /** The segments that were not read yet, each with what holds for it. */
  #fresh(playlist: ParsedMediaPlaylist): readonly Fresh[] {
    const first = playlist.mediaSequence ?? 0
    const { segments } = playlist
    const end = first + segments.length
    // The first ones; those that are still there after a pause; those of a server that counts from the start again.
    const start = this.#next === undefined || this.#next > end ? Math.max(first, end - FIRST_SEGMENTS) : this.#next
    let map = playlist.map
    let keys = playlist.keys
    const fresh: Fresh[] = []
    segments.forEach((segment, i) => {
      map = segment.map ?? map
      keys = segment.keys ?? keys
      if (first + i >= start && segment.isGap !== true) fresh.push({ number: first + i, segment, map, keys })
    })
    return fresh
  }

  async *#segment(
    segment: PlaylistSegment,
    number: number,
    keys: readonly PlaylistKey[] | undefined,
    base: string,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    const url = resolveUri(segment.uri, base)
    const key = keys?.find(({ method }) => method !== 'NONE')
    const asked = rangeOf(segment.byteRange)
    for (let failures = 0; ; ) {
      try {
        // Whole before any of it is given on: what breaks off is asked for again.
        const { bytes } = await liveBytes(url, this.#from, signal, { ...asked, maxBytes: MAX_SEGMENT_BYTES })
        yield key === undefined ? bytes : decrypted(bytes, await this.#key(key, base, signal), ivOf(key, number))
        return
      } catch (error) {
        if (signal.aborted || (error instanceof CuemuxError && error.code !== 'SOURCE_UNREACHABLE')) throw error
        // One segment that can't be had is left out: the stream goes on behind it.
        if (++failures >= MAX_FAILURES) return
        await delay(500, undefined, { signal })
      }
    }
  }

  #key(key: PlaylistKey, base: string, signal: AbortSignal): Promise<Uint8Array> {
    if (key.method !== 'AES-128' || key.uri === undefined) {
      throw new CuemuxError('ENCRYPTED', `The live stream is encrypted by ${key.method}.`)
    }
    const url = resolveUri(key.uri, base)
    const known = this.#keys.get(url)
    if (known !== undefined) return known
    const loaded = liveBytes(url, this.#from, signal, { maxBytes: KEY_BYTES }).then(({ bytes }) => bytes)
    loaded.catch(() => this.#keys.delete(url))
    if (this.#keys.size >= 8) this.#keys.clear()
    this.#keys.set(url, loaded)
    return loaded
  }
}

interface Fresh {
  readonly number: number
  readonly segment: PlaylistSegment
  readonly map: ParsedMediaPlaylist['map']
  readonly keys: readonly PlaylistKey[] | undefined
}

function rangeOf(range: PlaylistSegment['byteRange']): { maxBytes: number; headers: Record<string, string> } {
  if (range === undefined) return { maxBytes: MAX_PLAYLIST_BYTES, headers: {} }
  const { offsetBytes, lengthBytes } = range
  const headers = { range: `bytes=${offsetBytes}-${offsetBytes + lengthBytes - 1}` }
  return { maxBytes: MAX_PLAYLIST_BYTES, headers }
}

/** RFC 8216bis §5.2: the initialization vector is the segment's number where none is given. */
function ivOf(key: PlaylistKey, number: number): Uint8Array {
  if (key.iv !== undefined) return Buffer.from(key.iv.replace(/^0x/i, '').padStart(32, '0'), 'hex')
  const iv = Buffer.alloc(16)
  iv.writeBigUInt64BE(BigInt(number), 8)
  return iv
}

function decrypted(bytes: Uint8Array, key: Uint8Array, iv: Uint8Array): Uint8Array {
  try {
    const decipher = createDecipheriv('aes-128-cbc', key, iv)
    return Buffer.concat([decipher.update(bytes), decipher.final()])
  } catch (error) {
    throw new CuemuxError('ENCRYPTED', 'A segment of the live stream does not fit its key.', { cause: error })
  }
}
