export {
  type ByteSource,
  type Chapter,
  type Colour,
  CuemuxError,
  type CuemuxErrorCode,
  type CuemuxErrorOptions,
  type ErrorPlace,
  type MediaIndex,
  type ReadOptions,
  type Track,
} from '@cuemux/core'
export type { Decision } from '@cuemux/planner'
export {
  type AddressPolicy,
  aceStreamSource,
  type ChunkedSource,
  chunkedSource,
  httpSource,
  RetryLaterError,
  s3Source,
  streamSource,
  xtreamSource,
} from '@cuemux/source'
export type { Cache } from '@cuemux/store'
export type { ClientInput } from './client.js'
export type { PlanReport } from './documents/plan.js'
export type { EncoderEvent, EncoderOptions } from './encoding/options.js'
export type { Handler } from './handler.js'
export type { HlsOptions } from './hls-options.js'
export type { MediaInfo, TrackInfo, VideoRange } from './info.js'
export type { MediaInput, SourceOptions } from './input.js'
export type { JoinedPresentation } from './joined.js'
export {
  type EncoderStatus,
  joinMedia,
  type Media,
  type MediaAttachment,
  type OpenOptions,
  type TrackDecision,
} from './media.js'
export { type RequestHandler, toNodeListener } from './node-listener.js'
export type { FilmReport } from './open-films.js'
export type { HlsPresentation, ResourceOptions, ResourceTree } from './presentation.js'
export type { KnownEntry, Resource, ResourceEntry, ResourceKind } from './resource.js'
export type { CorsOptions } from './service/cors.js'
export type { HandlerEvent, HandlerLogger } from './service/events.js'
export type { CacheSegments } from './service/kept.js'
export type { HandlerMetrics } from './service/metrics.js'
export type { HandlerLimits, HandlerOptions, ResolvedMedia } from './service/options.js'
export type { SigningOptions, SignOptions } from './service/signing.js'
export type { ChunkOptions, MediaStream, StreamOptions } from './stream.js'
