import type { JsonValue } from '@cuemux/store'
import type { EncoderOptions } from '../encoding/options.js'
import type { MediaInput } from '../input.js'

/** A rendition of a ladder: known before its first segment. */
export interface LadderRendition {
  /** Its folder in the output: `video-1080`, `video-720`, `audio-stereo`, `audio-5.1`. */
  readonly name: string
  readonly kind: 'video' | 'audio'
  /** Ticks per second of its segments' times. */
  readonly timescale: number
  /** RFC 6381, known before anything is encoded. */
  readonly codec: string
  /** What the encoder aims at. */
  readonly bitrateBps: number
  /** What the encoder is held to. */
  readonly maxBitrateBps: number
  /** Pixels; video. */
  readonly width?: number
  /** Pixels; video. */
  readonly height?: number
  /** Frames per second as a fraction, of a variable rate the film's nominal one; video. */
  readonly frameRate?: readonly [numerator: number, denominator: number]
  /** Audio. */
  readonly channels?: number
  /** Samples per second; audio. */
  readonly sampleRate?: number
  /** BCP 47; audio. */
  readonly language?: string
  /** The source's own title of the track; audio. */
  readonly title?: string
}

/** How segments are written: fragmented MP4 (CMAF), or MPEG-TS for players that know nothing else, without init segments. */
export type LadderFormat = 'fmp4' | 'ts'

/** A finished segment of a rendition. */
export interface LadderSegment {
  /** Name of the rendition. */
  readonly rendition: string
  /** From 0. A track that begins late has no first ones, and one with a hole leaves those out. */
  readonly number: number
  /** Presentation time of its first sample on the output's timeline, ticks of the rendition. */
  readonly start: number
  /** True length, ticks of the rendition. */
  readonly duration: number
  /** The segment's bytes, piece after piece. */
  readonly data: readonly Uint8Array[]
  /** Of a segment of video: the bytes that hold its keyframe with its own `moof`, for I-frame playlists. */
  readonly keyframeRange?: { readonly offset: number; readonly length: number }
  /** With the first segment that a run makes of a rendition: its init segment, always the same bytes; MPEG-TS has none. */
  readonly init?: Uint8Array
}

/** How far an engine has come. */
export interface LadderProgress {
  /** How much of the film has been encoded in all renditions, stored parts included, µs. */
  readonly encodedUs: number
  /** The film's length, µs; `undefined` while frames are pushed. */
  readonly durationUs: number | undefined
  /** Film time per wall time of what this run has encoded; 0 before the first segment. */
  readonly speed: number
}

/** Makes the segments of all rungs of a ladder from one decode of its input. */
export interface LadderEngine {
  readonly renditions: readonly LadderRendition[]
  readonly format?: LadderFormat
  /** The longest planned segment, ms. */
  readonly targetDurationMs: number
  /** How many segments are planned, of the longest track; `undefined` while frames are pushed. */
  readonly segmentCount: number | undefined
  /** Number of the first segment of the pictures (0): sound that begins long before them has those before it. */
  readonly firstPicture?: number
  /** All that decides the bytes, for a checkpoint: rungs, rates, encoders, their threads, the grid, chunks. */
  readonly settings: Readonly<Record<string, JsonValue>>
  /** What tells the source from another one. */
  readonly source: Readonly<Record<string, JsonValue>>
  /**
   * Segments as they are finished, each rendition's in the order of their numbers; once for an engine. Its end says that
   * all are made. Nothing is made far beyond what has been taken.
   *
   * @param isStored whether an earlier run made it: such a segment is not handed out again, and not encoded where that
   *   can be avoided
   * @throws CuemuxError `ENCODER_FAILED` with ffmpeg's last words, `ENCODER_MISSING`, `ABORTED`, `CAPACITY`, what reading
   *   the source throws; `BAD_REQUEST` where it was called before
   */
  segments(isStored: (rendition: string, n: number) => boolean, signal?: AbortSignal): AsyncIterable<LadderSegment>
  readonly progress: LadderProgress
  /**
   * Of pushed frames: number of the first frame that the caller has to push, known once {@link segments} was called;
   * earlier ones are stored.
   */
  readonly nextFrame: number | undefined
  /**
   * Pushes a frame. The promise resolves when its bytes have been taken and another may come; until then they must not
   * change. At most {@link MAX_FRAMES_IN_FLIGHT} may be under way: a further one is refused, and the job goes on unharmed.
   *
   * @throws CuemuxError `CAPACITY` for a caller that does not wait, `BAD_REQUEST` for a frame of another size, after
   *   {@link endFrames}, or where the engine has an input, `ENCODER_FAILED`, `ABORTED`
   */
  writeFrame(frame: Uint8Array): Promise<void>
  /** The last frame has been pushed: what is under way is finished. */
  endFrames(): void
  /**
   * Pushes sound that belongs to pushed frames, from the first frame's time on; whole samples of all channels. Where
   * frames begin at {@link nextFrame}, it begins at {@link nextAudioSample}. The bytes are copied.
   *
   * @throws CuemuxError `CAPACITY` where it is more than 30 s ahead of the frames, `BAD_REQUEST` without `frames.audio`
   */
  writeAudio(samples: Uint8Array): Promise<void>
  /** Of pushed sound: number of the first sample that the caller has to push, known with {@link nextFrame}. */
  readonly nextAudioSample: number | undefined
  /** Ends all processes; always settles. */
  close(): Promise<void>
}

/** How many frames may be pushed and not yet taken. */
export const MAX_FRAMES_IN_FLIGHT = 8

/** A rung as a caller asks for it. */
export interface LadderRungOption {
  /** Height of the upright picture, pixels; one above the film's own becomes that, and of equal ones one is left. */
  readonly height: number
  /** Default: by the picture's size, frame rate and codec. */
  readonly bitrateBps?: number
  /** Default 1.5 times `bitrateBps`. */
  readonly maxBitrateBps?: number
  /** Default `h264`. */
  readonly codec?: 'h264' | 'hevc' | 'av1'
  /** Frames per second at most: every second, third … frame is left out of a faster film. */
  readonly maxFrameRate?: number
}

/**
 * Which rungs: `seed` (the original size, 720p at 2500 kbit/s and 360p at 800 kbit/s where these are smaller), `auto` (by the
 * film's height and how hard it is to encode), heights as `1080,720,360`, or a list.
 */
export type LadderRungs = 'seed' | 'auto' | (string & {}) | readonly LadderRungOption[]

/** Raw pictures that the caller pushes. */
export interface LadderFrames {
  readonly format: 'rgb24' | 'rgba' | 'yuv420p' | 'nv12'
  /** Pixels. */
  readonly width: number
  /** Pixels. */
  readonly height: number
  /** Frames per second as a fraction, as `[30000, 1001]`. */
  readonly frameRate: readonly [numerator: number, denominator: number]
  /** Their sound: a film or a file of sound, or PCM that is pushed, too. */
  readonly audio?: MediaInput | LadderPcm
}

/** Sound that the caller pushes: interleaved little-endian samples. */
export interface LadderPcm {
  readonly format: 's16le' | 'f32le'
  /** Samples per second. */
  readonly sampleRate: number
  /** 1, 2, 6 (5.1: L R C LFE Ls Rs) or 8 (7.1). */
  readonly channels: number
}

/** What an engine tells of its work. */
export interface LadderEngineEvent {
  readonly type: 'encoder-trouble'
  /** Family of encoders, as `nvenc`. */
  readonly family: string
  /** What went wrong, in words. */
  readonly reason: string
}

/** Options of {@link openLadderEngine}: an `input` or `frames`. */
export interface LadderEngineOptions {
  /** A path, an address, bytes or a source. */
  readonly input?: MediaInput
  readonly frames?: LadderFrames
  /** Default `seed`. */
  readonly rungs?: LadderRungs
  /** Default `fmp4`; `ts` has rungs of H.264 only. */
  readonly format?: LadderFormat
  /** Length that segments aim at, ms; rounded to whole frames. Default 4000. */
  readonly segmentDurationMs?: number
  /**
   * Segments in each of the stretches (chunks) that are encoded apart, so that a job can be taken up again and that
   * several are encoded at once. Default 6.
   */
  readonly chunkSegments?: number
  /** Chunks of a film that are encoded at once, by software; no byte depends on it. Default: one for each processor, up to 8. */
  readonly parallelChunks?: number
  /**
   * Threads of each software encoder. Only with one are the bytes the same in every run. Default: 1 for a film, whose
   * chunks are encoded at once; 2 to 6 by the rung's height for pushed frames.
   */
  readonly threads?: number
  readonly encoder?: EncoderOptions
  /** Ends the opening early with `ABORTED`. */
  readonly signal?: AbortSignal
  readonly onEvent?: (event: LadderEngineEvent) => void
}
