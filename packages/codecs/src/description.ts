import type { Colour } from '@cuemux/core'

/** A constant rate of frames (not fields) per second, as a fraction in lowest terms. */
export interface FrameRate {
  readonly numerator: number
  readonly denominator: number
}

/** What a video decoder's configuration says; `undefined` where it doesn't. */
export interface VideoDescription {
  /** Width after the codec's own cropping, pixels. */
  readonly width?: number | undefined
  /** Height after the codec's own cropping, pixels. */
  readonly height?: number | undefined
  /** Shape of a pixel, width : height. */
  readonly pixelAspect?: readonly [number, number] | undefined
  /** Colour description; `undefined` where neither code points nor range are said. */
  readonly colour?: Colour | undefined
  /** The frame rate, only where the codec says that it is constant. */
  readonly frameRate?: FrameRate | undefined
  /** The rate that the codec's clock suggests without promising that it is constant; good for people, not for a grid. */
  readonly nominalFrameRate?: FrameRate | undefined
  /** How many frames may precede a frame in decode order and follow it in output order. */
  readonly reorderFrames?: number | undefined
  /** Bits per luma component. */
  readonly bitDepth?: number | undefined
  /** 0 monochrome, 1 4:2:0, 2 4:2:2, 3 4:4:4. */
  readonly chromaFormat?: 0 | 1 | 2 | 3 | undefined
  /** Frames may be coded as fields. */
  readonly interlaced?: boolean | undefined
  /** profile_idc, general_profile_idc, seq_profile, VP9 profile. */
  readonly profile?: number | undefined
  /** level_idc, general_level_idc, seq_level_idx, VP9 level × 10. */
  readonly level?: number | undefined
  /** Bytes of the length before each NAL unit in a sample; H.264 and HEVC only. */
  readonly nalLengthSize?: 1 | 2 | 4 | undefined
}

/** What an audio decoder's configuration says; `undefined` where it doesn't. */
export interface AudioDescription {
  /** Samples per second that come out of the decoder (with SBR: the doubled rate). */
  readonly sampleRate?: number | undefined
  /** Channels that come out of the decoder (with parametric stereo: two). */
  readonly channels?: number | undefined
  /** Samples per frame at `sampleRate`; `undefined` where it varies. */
  readonly frameSamples?: number | undefined
  /** Bits per sample; lossless codecs only. */
  readonly bitDepth?: number | undefined
  /** Bits per second, where the codec is of constant rate and says it. */
  readonly bitrateBps?: number | undefined
  /** Samples at `sampleRate` (Opus: at 48 kHz) to be dropped at the start. */
  readonly preSkip?: number | undefined
  /** Objects beside the channels: E-AC-3 with joint object coding. */
  readonly hasJoc?: boolean | undefined
  /** MPEG-4 audio object type: 2 LC, 5 SBR, 29 parametric stereo, 42 xHE-AAC. */
  readonly objectType?: number | undefined
}

/** What the first frame of a track without configuration tells. */
export interface FrameConfiguration {
  /** Payload of the configuration box; empty for codecs that have none (MP3, MP2, DTS core, TrueHD). */
  readonly config: Uint8Array
  readonly description: AudioDescription
}
