/** A static DASH presentation (ISO/IEC 23009-1), as {@link writeMpd} takes it. */
export interface DashManifest {
  /** Length of all periods, µs. */
  readonly durationUs: number
  /** How much a player buffers at the stated bandwidths before it plays, µs; by default the longest segment. */
  readonly minBufferUs?: number | undefined
  readonly title?: string | undefined
  /** Put behind every address, without its question mark: `client=safari`. */
  readonly query?: string | undefined
  /** One for each film that is joined, or wherever encoding or times start anew. */
  readonly periods: readonly DashPeriod[]
}

/** A part of the presentation with renditions of its own. */
export interface DashPeriod {
  readonly id?: string | undefined
  /** Where it starts; by default where the one before it ends, µs. */
  readonly startUs?: number | undefined
  readonly durationUs?: number | undefined
  readonly video?: readonly DashVideo[] | undefined
  readonly audio?: readonly DashAudio[] | undefined
  readonly text?: readonly DashText[] | undefined
  readonly images?: readonly DashImages[] | undefined
}

/** A descriptor by its scheme. */
export interface DashDescriptor {
  readonly schemeIdUri: string
  readonly value?: string | undefined
}

/** Roles of `urn:mpeg:dash:role:2011` (ISO/IEC 23009-1 §5.8.5.5). */
export type DashRole =
  | 'main'
  | 'alternate'
  | 'supplementary'
  | 'commentary'
  | 'dub'
  | 'description'
  | 'caption'
  | 'subtitle'
  | 'forced-subtitle'
  | 'enhanced-audio-intelligibility'

/** What everything that a viewer can choose has. */
export interface DashChoice {
  /** Unique in its period, without blanks; `$RepresentationID$` in addresses. */
  readonly id: string
  /** BCP 47; not written where it is `und`. */
  readonly language?: string | undefined
  /** For people. */
  readonly label?: string | undefined
  readonly roles?: readonly DashRole[] | undefined
  /** For whom it is, or any other descriptor, as that of CEA-608 captions (`urn:scte:dash:cc:cea-608:2015`). */
  readonly accessibility?: readonly ('visual-impaired' | 'hearing-impaired' | DashDescriptor)[] | undefined
}

/** A rendition of fMP4 (CMAF) segments. */
export interface DashRendition extends DashChoice {
  /** RFC 6381 string. */
  readonly codecs: string
  /** As `dvh1.08.07/db4h`. */
  readonly supplementalCodecs?: string | undefined
  /** Peak, bits/s: within `minBufferUs`, no more is needed. */
  readonly bandwidthBps: number
  readonly timeline: DashTimeline
  /** Template of its init segment; by default `$RepresentationID$/init.mp4`. */
  readonly initialization?: string | undefined
  /** Template of its segments; by default `$RepresentationID$/$Number$.m4s`. */
  readonly media?: string | undefined
  readonly supplemental?: readonly DashDescriptor[] | undefined
  readonly essential?: readonly DashDescriptor[] | undefined
}

/** The segments of a rendition, in ticks: integers. */
export interface DashTimeline {
  /** Ticks per second. */
  readonly timescale: number
  /** Media time (`tfdt`) at which the period starts. */
  readonly presentationTimeOffset?: number | undefined
  /** Number of the first segment; by default 0. */
  readonly startNumber?: number | undefined
  /** Earliest presentation time of each segment on the media's timeline. */
  readonly starts: ArrayLike<number>
  /** Length of each segment. */
  readonly durations: ArrayLike<number>
}

/** A rendition of pictures. */
export interface DashVideo extends DashRendition {
  /** Coded size in pixels. */
  readonly width: number
  readonly height: number
  /** Frames per second as a fraction: `[24000, 1001]`. */
  readonly frameRate?: readonly [number, number] | undefined
  /** Shape of a pixel; by default 1:1. */
  readonly pixelAspect?: readonly [number, number] | undefined
  readonly isInterlaced?: boolean | undefined
  /** Code points of ISO/IEC 23091-2; 2, which says nothing, is not written. */
  readonly colour?:
    | {
        readonly primaries: number
        readonly transfer: number
        readonly matrix: number
        readonly fullRange?: boolean | undefined
      }
    | undefined
  /** Players that can't show the colour leave it out (DASH-IF IOP: for HDR); by default they show it as they can. */
  readonly isColourEssential?: boolean | undefined
  /** Groups of pictures are open: segments start with an access point of type 3, not 1. */
  readonly isOpenGop?: boolean | undefined
}

/** A rendition of sound. */
export interface DashAudio extends DashRendition {
  /** Samples per second. */
  readonly sampleRate?: number | undefined
  readonly channels?: number | undefined
  /** Dolby Atmos as E-AC-3 JOC. */
  readonly hasJoc?: boolean | undefined
}

/** Subtitles, one WebVTT file for a track; its times are those of the period. */
export interface DashText extends DashChoice {
  readonly uri: string
  /** By default `text/vtt`. */
  readonly mimeType?: string | undefined
  /** By default 256 bits/s. */
  readonly bandwidthBps?: number | undefined
}

/** Images of tiles for a seek bar (DASH-IF IOP §6.2.6). */
export interface DashImages {
  readonly id: string
  /** Template of the images, with `$Number$`. */
  readonly media: string
  /** By default `image/jpeg`. */
  readonly mimeType?: string | undefined
  readonly bandwidthBps: number
  /** Pixels of a whole image. */
  readonly width: number
  readonly height: number
  readonly columns: number
  readonly rows: number
  /** Ticks per second of `imageDuration`. */
  readonly timescale: number
  /** How long a whole image lasts, ticks. */
  readonly imageDuration: number
  /** By default 0. */
  readonly startNumber?: number | undefined
}
