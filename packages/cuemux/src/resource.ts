import { concatBytes } from '@cuemux/core'
/** What a resource of a presentation is. */
export type ResourceKind =
  | 'master'
  | 'playlist'
  | 'init'
  | 'segment'
  | 'iframe'
  | 'text'
  | 'document'
  | 'attachment'
  | 'image'

/** A resource of a presentation that can be asked for by its path. */
export interface ResourceEntry {
  /** Path below the presentation's own address, as `video-1/0.m4s`. */
  readonly path: string
  readonly kind: ResourceKind
  readonly contentType: string
}

/** A resource before it is made. */
export interface KnownEntry extends ResourceEntry {
  /** Its entity tag; `undefined` for what an encoder makes, which has one of its bytes. */
  readonly etag: string | undefined
}

/** A resource with its bytes. */
export interface Resource extends ResourceEntry {
  /** Strong entity tag, with its quotes: the same tag means the same bytes. */
  readonly etag: string
  /** Length of the body in bytes. */
  readonly byteLength: number
  /** The body, to be written in this order. */
  readonly pieces: readonly Uint8Array[]
  /**
   * Gives the memory of the pieces back: their bytes change from now on. There where it was asked for (`reusesMemory`);
   * what is never given back is collected as any other memory.
   */
  readonly release?: () => void
}

/** Content types by kind of resource and of track. */
export const CONTENT_TYPES = {
  playlist: 'application/vnd.apple.mpegurl',
  video: 'video/mp4',
  audio: 'audio/mp4',
  mp3: 'audio/mpeg',
  jpeg: 'image/jpeg',
  vtt: 'text/vtt; charset=utf-8',
  mpd: 'application/dash+xml',
  bytes: 'application/octet-stream',
  json: 'application/json; charset=utf-8',
  problem: 'application/problem+json; charset=utf-8',
  metrics: 'text/plain; version=0.0.4; charset=utf-8',
} as const

/** Whether what is at a path names other resources, so that it depends on the query that their addresses need. */
export function hasAddresses(path: string): boolean {
  return /\.(?:m3u8|mpd)$/.test(path) || path === 'storyboard.vtt'
}

/** The part `[start, end)` of a body in pieces, without copying. */
export function slicePieces(pieces: readonly Uint8Array[], start: number, end: number): Uint8Array[] {
  const part: Uint8Array[] = []
  let position = 0
  for (const piece of pieces) {
    const from = Math.max(start - position, 0)
    const to = Math.min(end - position, piece.byteLength)
    if (from < to) part.push(from === 0 && to === piece.byteLength ? piece : piece.subarray(from, to))
    position += piece.byteLength
    if (position >= end) break
  }
  return part
}

/** A body in pieces as one array; the piece itself when there is only one. */
export function joinPieces(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1 && pieces[0] !== undefined) return pieces[0]
  return concatBytes(pieces)
}
