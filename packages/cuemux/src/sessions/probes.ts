import type { ByteSource, Demuxer, MediaIndex } from '@cuemux/core'
import type { Cache, Flights } from '@cuemux/store'
import type { MediaInfo, TrackInfo } from '../info.js'
import { Kept, type KeptStore } from '../service/kept.js'

/** How long what is known of a film is kept, and what its series is like. */
const FILM_MS = 3_600_000
const SERIES_MS = 7 * 24 * 3_600_000
const MAX_BYTES = 256 << 20

/** What opens a demuxer, from an index where there is one. */
export type OpenDemuxer = (index?: MediaIndex) => Promise<Demuxer>

/**
 * What is known of films, shared by all sessions: an index by its source for an hour, which is taken only after a small
 * read that shows the film to be the same; and what an episode of a series was like, for a week, as a hint alone.
 */
export class ProbeCache {
  readonly #folder: string
  readonly #kept: Kept
  #opened: Promise<KeptStore> | undefined

  constructor(folder: string) {
    this.#folder = folder
    this.#kept = new Kept(() => this.#store(), 'all')
  }

  /** A film's demuxer, by its index where that is known. */
  async demuxer(source: ByteSource, open: OpenDemuxer, signal: AbortSignal | undefined): Promise<Demuxer> {
    return (await this.#kept.demuxer(source, open, signal)).demuxer
  }

  /** What another episode was like. */
  async hint(series: string): Promise<MediaInfo | undefined> {
    const entry = await (await this.#store()).cache.get(seriesKey(series))
    return entry === undefined ? undefined : parse(entry.bytes)
  }

  /** Remembers what an episode is like, for the others. */
  async learn(series: string, info: MediaInfo): Promise<void> {
    const body = new TextEncoder().encode(JSON.stringify(info))
    await (await this.#store()).cache.set(seriesKey(series), body, { kind: 'index', ttlMs: SERIES_MS })
  }

  async close(): Promise<void> {
    await (await this.#opened)?.cache.close()
  }

  #store(): Promise<KeptStore> {
    this.#opened ??= openStore(this.#folder)
    return this.#opened
  }
}

/** Whether a film is what a hint says: the same tracks, of the same kind. */
export function isLike(hint: MediaInfo, info: MediaInfo): boolean {
  return JSON.stringify(hint.tracks.map(likeness)) === JSON.stringify(info.tracks.map(likeness))
}

/** What decides on how a track is played. */
function likeness(track: TrackInfo): unknown[] {
  const { kind, codec, codecString, language, height, bitDepth, videoRange, interlaced, sampleRate, channels } = track
  return [kind, codec, codecString, language, height, bitDepth, videoRange, interlaced, sampleRate, channels]
}

function seriesKey(series: string): string {
  return JSON.stringify(['series', 1, series])
}

function parse(bytes: Uint8Array): MediaInfo | undefined {
  try {
    const info = JSON.parse(new TextDecoder().decode(bytes)) as Partial<MediaInfo>
    return Array.isArray(info.tracks) ? (info as MediaInfo) : undefined
  } catch {
    return undefined
  }
}

async function openStore(folder: string): Promise<KeptStore> {
  const { createFlights, diskCache } = await import('@cuemux/store')
  const disk = diskCache({ folder, maxBytes: MAX_BYTES })
  const cache = withoutLeases(disk)
  const flights: Flights = createFlights(cache)
  return { cache, flights }
}

/** A disk cache of one process: nobody else's locks are waited for, and films end after an hour. */
function withoutLeases(disk: Cache): Cache {
  return {
    get: (key, options) => disk.get(key, options),
    set: (key, body, options = {}) => disk.set(key, body, { ttlMs: FILM_MS, ...options }),
    delete: key => disk.delete(key),
    stats: () => disk.stats(),
    close: () => disk.close(),
  }
}
