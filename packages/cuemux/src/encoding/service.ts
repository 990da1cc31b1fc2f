import type {
  AudioTrack,
  ByteSource,
  Demuxer,
  ReadOptions,
  SampleBatch,
  SampleDescription,
  VideoTrack,
} from '@cuemux/core'
import type { ClientProfile, Clip, SegmentPlan, TrackDecision } from '@cuemux/planner'

/** A track that is encoded, segment by segment. */
export interface TrackEncoding {
  /** The track as it comes out of the encoder, with the id of the one that goes in. */
  readonly track: VideoTrack | AudioTrack
  /** What decodes it, where the track's own description is only known once the encoder has run. */
  description?(signal: AbortSignal | undefined): Promise<SampleDescription>
  /**
   * The samples of segment n; `undefined` where the track has none there.
   *
   * @throws CuemuxError `ENCODER_FAILED`, `CAPACITY`, `ABORTED`, and what reading the film throws
   */
  segment(n: number, signal: AbortSignal | undefined): Promise<SampleBatch | undefined>
  /**
   * Of a picture: the keyframe with which segment n starts, alone.
   *
   * @throws CuemuxError as {@link segment}, and `NOT_FOUND` where the track has no frame there
   */
  keyframe?(n: number, signal: AbortSignal | undefined): Promise<SampleBatch>
  /** The first segment will be asked for soon: starts what can be started before. */
  warm?(): void
  /** Ends its processes. */
  close(): Promise<void>
}

/** What an encoder is asked for. */
export interface EncodingRequest extends ReadOptions {
  readonly source: ByteSource
  readonly demuxer: Demuxer
  /** The track and what is to be made of it. */
  readonly decision: TrackDecision
  readonly client: ClientProfile
  readonly segments: SegmentPlan
  readonly clip: Clip | undefined
  /** The samples of a track in segment n, as the film has them. */
  readonly readSegment: (n: number, trackId: number, signal: AbortSignal | undefined) => Promise<SampleBatch[]>
}

/** Pictures of a film, many in an image. */
export interface TilesRequest extends ReadOptions {
  /** A fragmented MP4 of the keyframes, one for each tile. */
  readonly pieces: readonly Uint8Array[]
  readonly columns: number
  readonly rows: number
  /** Pixels of a tile. */
  readonly width: number
  readonly height: number
}

/** What encodes: ffmpeg in Node, nothing elsewhere. */
export interface EncoderService {
  /**
   * Prepares the encoding of a track; nothing is encoded before its first segment is asked for.
   *
   * @throws CuemuxError `ENCODER_MISSING` without an encoder that can do it, `ENCODER_FAILED`
   */
  open(request: EncodingRequest): Promise<TrackEncoding>
  /**
   * A demuxer for a container that Cuemux doesn't read itself: all its tracks have to be encoded.
   *
   * @throws CuemuxError `UNSUPPORTED_CONTAINER` where ffmpeg doesn't read it either, `ENCODER_MISSING`
   */
  openForeign(source: ByteSource, options: ReadOptions): Promise<Demuxer>
  /**
   * A JPEG of tiles.
   *
   * @throws CuemuxError `ENCODER_MISSING`, `ENCODER_FAILED`, `CAPACITY`, `ABORTED`
   */
  makeTiles(request: TilesRequest): Promise<Uint8Array>
  /** Whether there is an encoder at all; where not, the sentence that says what to install. */
  availability(): Promise<{ readonly isAvailable: boolean; readonly hint: string | undefined }>
}
