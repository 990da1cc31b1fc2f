import type { Track } from './track.js'

/** The container formats that Cuemux reads; `other` is one that only an encoder's own demuxer reads. */
export type ContainerFormat = 'matroska' | 'webm' | 'mp4' | 'mov' | 'mpegts' | 'other'

/** How an index was found. */
export type IndexOrigin = 'cues' | 'moov' | 'sidx' | 'mfra' | 'scan' | 'probe'

/**
 * Where the reference track can be cut, as columns. The reference track is the film's first video track, else its
 * first audio track; a keyframe of an audio track is any frame that the index names.
 */
export interface KeyframeTable {
  /** Id of the reference track. */
  readonly trackId: number
  /** Ticks per second of `time`: the reference track's. */
  readonly timescale: number
  /** How many keyframes. */
  readonly count: number
  /** Presentation time of each keyframe, ticks on the film's clock, strictly increasing. */
  readonly time: Float64Array
  /** Where the reading for it starts: offset in the source, bytes (of the cluster, the sample, the fragment or the packet). */
  readonly offsetBytes: Float64Array
  /** Which of the track's descriptions each keyframe uses, from 0; only where it has several and the index tells (MP4). */
  readonly description?: Uint16Array
}

/** A named time in the film. */
export interface Chapter {
  readonly startMs: number
  readonly endMs: number | undefined
  readonly title: string
}

/** A file inside the film: cover art or a font. */
export interface Attachment {
  readonly name: string
  readonly mimeType: string
  readonly offsetBytes: number
  readonly sizeBytes: number
}

/** Everything about a film that can be known without reading its media. Plain data: it can be cached and sent. */
export interface MediaIndex {
  readonly container: ContainerFormat
  readonly foundBy: IndexOrigin
  /** Size of the source when it was indexed, bytes. */
  readonly sizeBytes: number
  /** Length of the film, ms; `undefined` where nothing tells. */
  readonly durationMs: number | undefined
  readonly title: string | undefined
  readonly tracks: readonly Track[]
  readonly keyframes: KeyframeTable
  readonly chapters: readonly Chapter[]
  readonly attachments: readonly Attachment[]
  /**
   * Whether every keyframe starts a closed group of pictures; `undefined` where the index doesn't tell. A Matroska
   * index says so only as far as the codec does.
   */
  readonly closedGops: boolean | undefined
  /** The film ends before its index does: it was cut, or is still being written. */
  readonly isTruncated: boolean
  /** What the format's own package needs to read samples again (plain data with typed arrays); no one else looks inside. */
  readonly format: unknown
}
