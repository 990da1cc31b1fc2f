import type { ReadOptions } from '@cuemux/core'
import type { PlaylistSegment } from '@cuemux/playlist'
import { CONTENT_TYPES, type ResourceEntry } from '../resource.js'
import type { Lease } from '../segment-memory.js'

/** Options of what makes a resource. */
export interface MakeOptions extends ReadOptions {
  /** Put behind every address in a playlist. */
  readonly query?: string | undefined
  /** For how long the bytes are needed, where that is known. */
  readonly lease?: Lease | undefined
}

type Pieces = readonly Uint8Array[]

/** A resource that there is, before it is made. */
export interface Found {
  readonly entry: ResourceEntry
  /** An encoder makes it: the next time it may have other bytes that play the same. */
  readonly isEncoded?: boolean
  /** Its bytes in the order in which they go out. */
  make(options: MakeOptions): Pieces | Promise<Pieces>
}

/** What a media playlist has of a rendition: the same whether it is shown alone or as a part of joined films. */
export interface RenditionPlaylist {
  /** Number of the first of `segments`. */
  readonly firstSegment: number
  /** With addresses relative to the rendition's own. */
  readonly segments: readonly PlaylistSegment[]
  /** How many changes of decoding lie before the first segment. */
  readonly discontinuitySequence: number
}

/** A rendition of a presentation: everything below `{name}/`. */
export interface RenditionResources {
  readonly name: string
  /** Number of its first segment and how many it has: the part of the film in which its track has anything. */
  extent(): Promise<{ readonly firstSegment: number; readonly count: number }>
  /** Playlist and init segments. */
  heads(): readonly ResourceEntry[]
  /** Segment n as a resource. */
  segmentEntry(n: number): ResourceEntry
  /** What its playlist lists. */
  playlist(query: string | undefined): Promise<RenditionPlaylist>
  /** A file of it; `undefined` where there is no such file. A segment in which its track has nothing is told by making it. */
  find(file: string): Found | undefined
}

/** The playlist of a rendition as a resource. */
export function playlistEntry(path: string): ResourceEntry {
  return { path, kind: 'playlist', contentType: CONTENT_TYPES.playlist }
}

/** Text as the only piece of a body. */
export function textPieces(text: string): Pieces {
  return [new TextEncoder().encode(text)]
}

/** A resource of text. */
export function textFound(entry: ResourceEntry, write: (options: MakeOptions) => string | Promise<string>): Found {
  return { entry, make: async options => textPieces(await write(options)) }
}

/** The address with the query that leads to the same presentation. */
export function withQuery(path: string, query: string | undefined): string {
  return query === undefined || query === '' ? path : `${path}?${query}`
}

/** Number of a segment's file, as `12.m4s`, where it is one with this extension and below `count`. */
export function segmentNumber(file: string, extension: string, count: number): number | undefined {
  const [, digits, found] = /^(0|[1-9]\d{0,8})\.([a-z0-9]+)$/.exec(file) ?? []
  const n = Number(digits)
  return found === extension && n < count ? n : undefined
}
