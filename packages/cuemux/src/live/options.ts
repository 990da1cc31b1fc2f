import type { CuemuxError } from '@cuemux/core'
import type { LiveInput } from '@cuemux/ffmpeg'
import type { AddressPolicy } from '@cuemux/source'
import type { CorsOptions } from '../service/cors.js'

/** How a live picture is encoded, where it is. */
export interface LiveVideoOptions {
  /** The picture fits into these, pixels; its shape is kept, and it is never enlarged. Default 1920 × 1080. */
  readonly maxWidth?: number
  readonly maxHeight?: number
  /** Default 5,000,000. */
  readonly bitrateBps?: number
  /** Effort of x264; default `veryfast`. */
  readonly preset?: 'ultrafast' | 'superfast' | 'veryfast'
}

/** How a live stream comes back when its input breaks off. */
export interface ReconnectOptions {
  /** Wait before the first attempt, doubled with each that fails, ms. Default 500. */
  readonly initialMs?: number
  /** Longest wait, ms. Default 15,000. Up to half of each wait is left off by chance. */
  readonly maxMs?: number
  /** Attempts in a row before the stream is given up. Default 20. */
  readonly maxAttempts?: number
  /** The same where it has never played: an input is likelier to be named wrongly then. Default 3. */
  readonly maxFirstAttempts?: number
  /** After so much good play attempts are counted anew, ms. Default 10,000. */
  readonly resetAfterMs?: number
}

/** What of a live stream can be played. */
export type LiveWindowOptions =
  /** The last minutes; default 60,000 ms. */
  | { readonly kind: 'sliding'; readonly durationMs?: number }
  /** All since its beginning (EXT-X-PLAYLIST-TYPE:EVENT); it ends after `maxDurationMs`, default 6 h. */
  | { readonly kind: 'event'; readonly maxDurationMs?: number }

/** How `createLiveStream` works. */
export interface LiveStreamOptions {
  /** Where the stream comes from: typed, or as text (see {@link parseLiveInput}). */
  readonly input: string | LiveInput
  /** The input was named by somebody who isn't trusted: only addresses that this allows are read. */
  readonly addressPolicy?: AddressPolicy
  /** `auto` (default): what browsers play is copied; `encode`: everything is encoded. */
  readonly mode?: 'auto' | 'encode'
  /** Length of a segment, ms; copied pictures are cut at the first keyframe from there on. Default 4000, in low latency 2000. */
  readonly segmentDurationMs?: number
  /** LL-HLS: parts of segments, and requests that wait for them. `true`: parts of 400 ms. */
  readonly lowLatency?: boolean | { readonly partDurationMs: number }
  /** What can be played; default the last minute. */
  readonly window?: LiveWindowOptions
  /** Bytes that may be kept; the oldest segments go before that. Default 512 MiB. */
  readonly maxBytes?: number
  /** A folder for playlists and segments, for any web server; in memory where absent. */
  readonly folder?: string
  /** Whether the folder's files stay when the stream is closed. Default yes. */
  readonly keepFiles?: boolean
  readonly video?: LiveVideoOptions
  /** How sound is encoded, where it is; `false`: no sound. Default 128 kbit/s, stereo. */
  readonly audio?: { readonly bitrateBps?: number } | false | undefined
  readonly reconnect?: ReconnectOptions
  /** An input that brings nothing for so long is opened anew, ms. Default 10,000. */
  readonly stallTimeoutMs?: number | undefined
  /** An input must tell what it carries, and then bring its first picture, within this, ms each. Default 15,000. */
  readonly startTimeoutMs?: number | undefined
  /** Path of ffmpeg; default `CUEMUX_FFMPEG`, else the one in PATH. */
  readonly ffmpeg?: string | undefined
  /** How many ffmpeg processes there may be at once. Default 16. */
  readonly maxProcesses?: number
  /** Which pages of other sites may play it; default all. `false`: says nothing. */
  readonly cors?: CorsOptions | false
  /** Ends the stream. */
  readonly signal?: AbortSignal
  /** Told of what happens. */
  readonly onEvent?: (event: LiveEvent) => void
}

/** What a live stream is doing. */
export type LiveState = 'starting' | 'running' | 'reconnecting' | 'ended' | 'failed' | 'closed'

/** What a live stream tells of its work. */
export type LiveEvent =
  | { readonly type: 'state'; readonly state: LiveState }
  /** What becomes of the input, in words. */
  | { readonly type: 'plan'; readonly video: string | undefined; readonly audio: string | undefined }
  /** The input broke off, or could not be opened: it is opened anew after the delay. */
  | {
      readonly type: 'reconnect'
      readonly attempt: number
      readonly delayMs: number
      readonly error: CuemuxError
    }
  /** A segment is there. */
  | {
      readonly type: 'segment'
      readonly number: number
      readonly durationMs: number
      readonly byteLength: number
      readonly isDiscontinuity: boolean
    }
  /** It has ended by an error. */
  | { readonly type: 'error'; readonly error: CuemuxError }

/** How far a live stream is. */
export interface LiveStats {
  /** Stream time made per wall time since the input was opened; `undefined` before its first segment. */
  readonly speed: number | undefined
  /** How often the input was opened anew. */
  readonly restarts: number
  /** Segments made. */
  readonly segments: number
  /** Bytes of all segments made. */
  readonly byteLength: number
  /** Bytes of the segments that are kept now. */
  readonly keptBytes: number
  /** How far the newest picture that can be asked for lies back, ms; `undefined` before there is one. */
  readonly behindMs: number | undefined
  /** The process at work. */
  readonly pid: number | undefined
}
