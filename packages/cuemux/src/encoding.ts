import type { AudioTrack, ByteSource, Demuxer, ReadOptions, SampleBatch, VideoTrack } from '@cuemux/core'
import type { ClientProfile, SegmentPlan, TrackDecision } from '@cuemux/planner'

/** A track that is encoded, segment by segment. */
export interface TrackEncoding {
  /** The track as it comes out of the encoder, with the id of the one that goes in. */
  readonly track: VideoTrack | AudioTrack
  /**
   * The samples of segment n; `undefined` where the track has none there.
   *
   * @throws CuemuxError `ENCODER_FAILED`, `CAPACITY`, `ABORTED`, and what reading the film throws
   */
  segment(n: number, signal: AbortSignal | undefined): Promise<SampleBatch | undefined>
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
}

/** What encodes: ffmpeg in Node, nothing elsewhere. */
export interface EncoderService {
  /**
   * Prepares the encoding of a track; nothing is encoded before its first segment is asked for.
   *
   * @throws CuemuxError `ENCODER_MISSING` without an encoder that can do it, `ENCODER_FAILED`
   */
  open(request: EncodingRequest): Promise<TrackEncoding>
}
