import type { ByteRange, InitMap } from './byte-range.js'
import { writeMediaPlaylist } from './media-playlist.js'
import type { TileLayout } from './tiles.js'

/** The I-frames of a video rendition. */
export interface IFramePlaylist {
  /** EXT-X-TARGETDURATION, s. */
  readonly targetDuration: number
  readonly map?: InitMap | undefined
  readonly frames: readonly IFrame[]
  /** EXT-X-VERSION; by default 7. */
  readonly version?: number | undefined
}

/** One I-frame. */
export interface IFrame {
  /** The segment that holds it. */
  readonly uri: string
  /** From the first byte of its fragment (the moof) to the frame's last; the whole resource where it is missing. */
  readonly byteRange?: ByteRange | undefined
  /** To the next I-frame, or the end, µs. */
  readonly durationUs: number
}

/** Writes an I-frame playlist (RFC 8216bis §4.4.3.6), complete: VOD and ended. */
export function writeIFramePlaylist(playlist: IFramePlaylist): string {
  const { targetDuration, map, frames, version } = playlist
  return writeMediaPlaylist({
    targetDuration,
    version,
    map,
    type: 'VOD',
    isEnded: true,
    isIFramesOnly: true,
    segments: frames,
  })
}

/** Pictures for a seek bar, many in an image. */
export interface ImagePlaylist {
  /** EXT-X-TARGETDURATION, s. */
  readonly targetDuration: number
  readonly tiles: TileLayout
  readonly images: readonly {
    readonly uri: string
    /** The time that its pictures cover, µs. */
    readonly durationUs: number
  }[]
}

/**
 * Writes an image playlist (Image Media Playlist specification), complete. EXT-X-TILES stands before each image: players
 * look for it there.
 */
export function writeImagePlaylist({ targetDuration, tiles, images }: ImagePlaylist): string {
  return writeMediaPlaylist({
    targetDuration,
    type: 'VOD',
    isEnded: true,
    isImagesOnly: true,
    segments: images.map(({ uri, durationUs }) => ({ uri, durationUs, tiles })),
  })
}
