import type { ClientInput } from './client.js'

/** Options of {@link Media.hls}. */
export interface HlsOptions {
  /** Who plays it: what this client plays is copied. Default `browser`: any current browser with Media Source Extensions. */
  readonly client?: ClientInput
  /** Length that segments aim at, ms; each goes on to the first keyframe at or after it. Default 6000. */
  readonly segmentDurationMs?: number
  /** Picture and sound in one rendition, for simple clients. */
  readonly muxed?: boolean
  /** Languages of the sound in the order of preference (BCP 47); default the film's default track. */
  readonly audioLanguages?: readonly string[]
  /**
   * Where the presentation starts, ms from the film's beginning; default 0. Sound starts there to the frame, the picture at
   * the keyframe at or before it, and EXT-X-START tells players where to begin.
   */
  readonly startMs?: number
  /** Where the presentation ends, ms from the film's beginning; default the film's end. */
  readonly endMs?: number
  /**
   * NAL units that are left out of H.264 and HEVC pictures that are copied: access unit delimiters, filler data. Default
   * none: samples go out as they are in the film.
   */
  readonly dropNalUnits?: readonly ('aud' | 'filler')[]
  /**
   * Where closed captions are looked for. `auto` (default): in three segments of a near film; of a remote one, in a keyframe
   * that is read anyway, or one small read more: where it carries data for captions, the first channel is offered.
   * `search`: in three segments of a remote film as well. `off`: nowhere.
   */
  readonly captions?: 'auto' | 'search' | 'off'
  /**
   * Offers pictures for a seek bar: `storyboard.vtt`, `storyboard.m3u8` and images of tiles, made when they are asked for,
   * where there is an encoder and the film is near. Default false.
   */
  readonly storyboard?: boolean
  /** How many bytes of samples may be kept that were read for one rendition and that others will ask for. Default 64 MiB. */
  readonly cacheBytes?: number
}
