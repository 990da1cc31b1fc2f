/** Video codecs that Cuemux can name. */
export type VideoCodec = 'h264' | 'hevc' | 'av1' | 'vp9' | 'vp8' | 'mpeg4' | 'mpeg2' | 'mpeg1' | 'unknown'
/** Audio codecs that Cuemux can name. */
export type AudioCodec =
  | 'aac'
  | 'mp3'
  | 'mp2'
  | 'opus'
  | 'vorbis'
  | 'flac'
  | 'alac'
  | 'ac3'
  | 'eac3'
  | 'dts'
  | 'truehd'
  | 'pcm'
  | 'unknown'
/** Subtitle codecs that Cuemux can name; `c608` holds byte pairs of CEA-608, and `pgs`, `vobsub` and `dvbsub` are pictures. */
export type TextCodec = 'srt' | 'ass' | 'webvtt' | 'tx3g' | 'c608' | 'pgs' | 'vobsub' | 'dvbsub' | 'unknown'

/** One way to decode a track's samples. A track has several where its parameters change in mid-film. */
export interface SampleDescription {
  /**
   * The decoder's configuration as ISO BMFF carries it: the payload, without box header, of `avcC`, `hvcC`, `av1C`,
   * `vpcC`, `dOps`, `dfLa`, `dac3`, `dec3`, `pcmC` or `alac`; for AAC the AudioSpecificConfig. Empty where the codec has
   * none (MP3; PCM that MP4 can't carry) or where it is only known from the first sample: see {@link Demuxer.readTrackStart}.
   */
  readonly config: Uint8Array
  /** The RFC 6381 string, as `avc1.64001f`; `undefined` where it is not known yet or the codec has none. */
  readonly codecString: string | undefined
  /** Coded width in pixels; video only, where it differs from the track's. */
  readonly width?: number
  /** Coded height in pixels; video only, where it differs from the track's. */
  readonly height?: number
}

/** What all tracks have. */
export interface TrackBase {
  /** The container's own number of the track, unique in the film, greater than 0. */
  readonly id: number
  /** Ticks per second of this track's times. */
  readonly timescale: number
  /** Ways to decode the samples, at least one. */
  readonly descriptions: readonly [SampleDescription, ...SampleDescription[]]
  /** The container's own name of the codec: a Matroska CodecID or a sample entry's four characters. */
  readonly containerCodec: string
  /** BCP 47 tag, `und` where the container doesn't say. */
  readonly language: string
  /** The track's title, where it has one. */
  readonly title: string | undefined
  /** Disposition: chosen when the viewer has no wish. */
  readonly isDefault: boolean
  /** Disposition: shown even when subtitles are off. */
  readonly isForced: boolean
  /** Disposition: for the hard of hearing, for the visually impaired, a commentary, the original language. */
  readonly roles: readonly TrackRole[]
  /**
   * Presentation time of the first sample that is meant to be seen or heard, ticks on the film's clock.
   * `undefined` where the index doesn't tell: {@link Demuxer.readTrackStart} finds it.
   */
  readonly start: number | undefined
  /** Presentation time at which the track ends, ticks on the film's clock; `undefined` where it isn't known. */
  readonly end: number | undefined
  /** Mean bits per second, where the container says or the codec is of constant rate. */
  readonly bitrateBps: number | undefined
  /** How many samples the track has, where that is known. */
  readonly sampleCount: number | undefined
}

/** What a track is for, beside being played. */
export type TrackRole = 'hearing-impaired' | 'visual-impaired' | 'text-descriptions' | 'original' | 'commentary'

/** Colour description by code points of ISO/IEC 23091-2 (CICP); 2 means unspecified. */
export interface Colour {
  readonly primaries: number
  readonly transfer: number
  readonly matrix: number
  /** Full range (0…255) rather than video range (16…235). */
  readonly fullRange: boolean
}

/** A code point as a container gives it, in more than its 8 bits (ISO/IEC 23091-2): what doesn't fit says nothing. */
export function colourPoint(value: number): number {
  return value <= 255 ? value : 2
}

/** HDR and Dolby Vision records, each as the payload of its ISO BMFF box. */
export interface HdrMetadata {
  /** `mdcv`: mastering display colour volume, 24 bytes. */
  readonly mdcv?: Uint8Array
  /** `clli`: content light level, 4 bytes. */
  readonly clli?: Uint8Array
  /** Dolby Vision configuration, 24 bytes, and the box that carries it. */
  readonly dolbyVision?: { readonly box: 'dvcC' | 'dvvC' | 'dvwC'; readonly payload: Uint8Array }
}

/** A video track. */
export interface VideoTrack extends TrackBase {
  readonly kind: 'video'
  readonly codec: VideoCodec
  /** Coded size in pixels (after the codec's own cropping). */
  readonly width: number
  readonly height: number
  /** Shape of a pixel, width : height; 1:1 where nothing else is said. */
  readonly pixelAspect: readonly [number, number]
  /** Clockwise rotation for display. */
  readonly rotation: 0 | 90 | 180 | 270
  /** Constant frame duration in ticks, where there is one; `undefined` for a variable rate. */
  readonly frameDuration: number | undefined
  /** Mean frames per second as shown to people and in FRAME-RATE, where it is known. */
  readonly frameRate: number | undefined
  /** D: how far decode times lie before presentation times so that no composition offset is negative, ticks. */
  readonly reorderDelay: number
  readonly colour: Colour | undefined
  readonly hdr: HdrMetadata
  /** Bits per component, where the configuration says. */
  readonly bitDepth: number | undefined
  readonly interlaced: boolean
  /** The clean aperture as the payload of its box (`clap`, ISO/IEC 14496-12 §12.1.4), 32 bytes, where there is one. */
  readonly cleanAperture?: Uint8Array
}

/** An audio track. */
export interface AudioTrack extends TrackBase {
  readonly kind: 'audio'
  readonly codec: AudioCodec
  /** Samples per second that come out of the decoder. */
  readonly sampleRate: number
  readonly channels: number
  /** Ticks in one frame (1024 for AAC at its own rate, 1536 for AC-3 …); `undefined` where it varies. */
  readonly frameDuration: number | undefined
  /** Decoder priming and pre-skip before {@link TrackBase.start} that the track's first samples carry, ticks. */
  readonly priming: number
  /** Bits per sample of lossless and PCM audio. */
  readonly bitDepth: number | undefined
  /** Objects are carried beside the channels (Dolby Atmos as E-AC-3 JOC). */
  readonly hasJoc: boolean
  /** Sound before a seek's target that the decoder needs to settle, ticks; where the container says so (SeekPreRoll). */
  readonly seekPreroll?: number
}

/** A subtitle track. */
export interface TextTrack extends TrackBase {
  readonly kind: 'text'
  readonly codec: TextCodec
}

/** A track of a film. */
export type Track = VideoTrack | AudioTrack | TextTrack
