import type { Colour, VideoCodec, VideoTrack } from '@cuemux/core'
import type { TargetVideoCodec } from '../capabilities/model.js'

/**
 * How a film's pictures were scanned: `flagged` where the stream says so frame by frame, `tff` and `bff` (top or bottom
 * field first) where only the pictures show it (see `parseInterlacing`).
 */
export type Scan = 'progressive' | 'flagged' | 'tff' | 'bff'

/** High dynamic range: PQ (SMPTE ST 2084) or hybrid log-gamma (ARIB STD-B67). */
export interface HdrKind {
  readonly transfer: 'pq' | 'hlg'
  /** The stream carries mastering display metadata, which `tonemap_vaapi` can't do without. */
  readonly hasMasteringMetadata: boolean
}

/** What decides how a video track is decoded and filtered. */
export interface VideoSource {
  readonly codec: VideoCodec
  /** Coded size in pixels, before rotation. */
  readonly width: number
  readonly height: number
  /** Width : height of a pixel, before rotation. */
  readonly pixelAspect: readonly [number, number]
  /** Clockwise rotation for display. */
  readonly rotation: 0 | 90 | 180 | 270
  /** Frames per second as a fraction; `undefined` for a variable rate. */
  readonly frameRate: readonly [numerator: number, denominator: number] | undefined
  readonly scan: Scan
  /** Bits per component; `undefined` where it isn't known, which rules the hardware's decoder out. */
  readonly bitDepth: number | undefined
  readonly chroma: '4:0:0' | '4:2:0' | '4:2:2' | '4:4:4' | undefined
  readonly colour: Colour | undefined
  readonly hdr: HdrKind | undefined
}

/**
 * Where keyframes have to be, in ticks on ffmpeg's clock (the source's own with `-copyts`, else 0 at the first frame): at
 * every multiple of an interval after the first frame (for a constant rate), or at given times (ascending). The first
 * frame, at `start` (0 where absent), is a keyframe in any case.
 */
export type KeyframePlan =
  | { readonly timescale: number; readonly start?: number; readonly interval: number }
  | { readonly timescale: number; readonly start?: number; readonly times: readonly number[] }

/** How many bits: by quality (constant quantizer or rate factor), or by rate. */
export type RateTarget =
  | { readonly quality: 'high' | 'medium' | 'low' }
  | {
      readonly bitrateBps: number
      /** Peak; 1.5 times the mean where absent. */
      readonly maxBitrateBps?: number
      /** Decoder's buffer; 2 s of the mean where absent. */
      readonly bufferBits?: number
    }

/** What the video is to become: always 8-bit 4:2:0, upright, progressive, of standard dynamic range. */
export interface VideoTarget {
  readonly codec: TargetVideoCodec
  /** Greatest height of the upright picture in pixels; the picture is never enlarged. */
  readonly heightLimit?: number
  readonly rate: RateTarget
  readonly keyframes: KeyframePlan
  /** Level as `4.1`; the least that holds size and rate where absent (see `videoLevel`). */
  readonly level?: string
}

/** A video track and what it is to become. */
export interface VideoJob {
  readonly source: VideoSource
  readonly target: VideoTarget
  /** Which of the input's video streams, counted from 0; 0 where absent. */
  readonly videoStream?: number
  /** Threads that a software encoder may take; as many as it likes where absent. */
  readonly threads?: number
}

/** CICP transfer characteristics (ISO/IEC 23091-2 §8.2) of the two kinds of HDR. */
const PQ = 16
const HLG = 18

/**
 * The part of a track that decides its decoding.
 *
 * @param scan what is known beside the track's own `interlaced`, out of `parseInterlacing`
 */
export function videoSourceOf(track: VideoTrack, scan?: Scan): VideoSource {
  const { codec, width, height, pixelAspect, rotation, bitDepth, colour } = track
  const transfer = colour?.transfer === PQ ? 'pq' : colour?.transfer === HLG ? 'hlg' : undefined
  return {
    codec,
    width,
    height,
    pixelAspect,
    rotation,
    frameRate: track.frameDuration === undefined ? undefined : [track.timescale, track.frameDuration],
    scan: scan ?? (track.interlaced ? 'flagged' : 'progressive'),
    bitDepth,
    chroma: chromaOf(track),
    colour,
    hdr: transfer === undefined ? undefined : { transfer, hasMasteringMetadata: track.hdr.mdcv !== undefined },
  }
}

/** H.264 profiles whose only chroma format is 4:2:0 (ITU-T H.264 Annex A), as the two digits of the codec string. */
const AVC_420_PROFILES: ReadonlySet<string> = new Set(['42', '4d', '58', '64', '6e'])

/** By the profile in the codec string, as far as a profile has one chroma format. */
function chromaOf(track: VideoTrack): VideoSource['chroma'] {
  const text = track.descriptions[0].codecString ?? ''
  if (track.codec === 'h264') return AVC_420_PROFILES.has(text.slice(5, 7).toLowerCase()) ? '4:2:0' : undefined
  // HEVC Main, Main 10, Main Still; AV1 Main (profile 0).
  if (track.codec === 'hevc') return /^h(?:vc|ev)1\.[123]\./.test(text) ? '4:2:0' : undefined
  if (track.codec === 'av1') return text.startsWith('av01.0.') ? '4:2:0' : undefined
  return undefined
}
