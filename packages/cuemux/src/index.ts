import { guardedFetch, openFile } from '@cuemux/source/node'
import { lazyEncoder } from './encoding/lazy-encoder.js'
import { createHandlerFactory, type Handler } from './handler.js'
import type { MediaInput, Platform } from './input.js'
import type { LadderOptions } from './ladder/create-ladder.js'
import type { LadderFrames } from './ladder/model.js'
import type { FrameLadder, Ladder } from './ladder/options.js'
import { createOpenMedia, type Media, type MediaOpener, type OpenOptions } from './media.js'
import { validateOptions } from './schemas.js'
import type { KeptStore } from './service/kept.js'
import type { HandlerOptions } from './service/options.js'
import { createSessionManagerFactory } from './sessions/manager.js'
import type { SessionManager, SessionManagerOptions } from './sessions/options.js'

export type {
  DeviceLiveInput,
  FileLiveInput,
  HlsLiveInput,
  HttpLiveInput,
  LiveInput,
  RtspLiveInput,
  SrtLiveInput,
  TestLiveInput,
  UdpLiveInput,
} from '@cuemux/ffmpeg'
export { diskSpool, guardedFetch } from '@cuemux/source/node'
export * from './exports.js'
export type { LadderOptions } from './ladder/create-ladder.js'
export type {
  LadderEngineEvent,
  LadderFormat,
  LadderFrames,
  LadderPcm,
  LadderRungOption,
  LadderRungs,
} from './ladder/model.js'
export type {
  FrameLadder,
  Ladder,
  LadderAddress,
  LadderEvent,
  LadderJobProgress,
  LadderPublishing,
  LadderResult,
  LadderUpdate,
  PublishedRung,
} from './ladder/options.js'
export { createLiveStream } from './live/create.js'
export type { LiveStream } from './live/live-stream.js'
export type {
  LiveEvent,
  LiveState,
  LiveStats,
  LiveStreamOptions,
  LiveVideoOptions,
  LiveWindowOptions,
  ReconnectOptions,
} from './live/options.js'
export { parseLiveInput } from './live/parse-input.js'
export {
  createPreviewManager,
  type PreviewEvent,
  type PreviewManager,
  type PreviewOptions,
} from './live/preview-manager.js'
export type { ContentProgress, SessionSubtitles } from './sessions/content.js'
export type {
  ResolvedFilm,
  ResolvedLive,
  ResolvedSession,
  SessionEvent,
  SessionInfo,
  SessionKind,
  SessionManager,
  SessionManagerOptions,
  SessionSettings,
  SessionSource,
  SessionUser,
  SessionViewer,
  StartedSession,
  StartSession,
  StoppedSession,
  StopSession,
} from './sessions/options.js'
export type { SessionState } from './sessions/states.js'

/** What a process has for the segments of films that are far away. */
const DEFAULT_CACHE_BYTES = 32 << 20

const node: Platform = { openPath: openFile, validate: validateOptions, encoder: lazyEncoder, guardedFetch, openStore }
const open: MediaOpener = createOpenMedia(node)

/** Loaded when something is first kept: what only opens films does without. */
async function openStore({ cache, cacheBytes }: Pick<HandlerOptions, 'cache' | 'cacheBytes'>): Promise<KeptStore> {
  const { cacheFromAddress, createFlights } = await import('@cuemux/store')
  const memoryBytes = Math.max(1, cacheBytes ?? DEFAULT_CACHE_BYTES)
  const kept = typeof cache === 'object' ? cache : cacheFromAddress(cache ?? 'memory', { memoryBytes })
  return { cache: kept, flights: createFlights(kept) }
}

/**
 * Opens a film: reads its head and its index, and nothing of its media.
 *
 * @throws CuemuxError `UNSUPPORTED_CONTAINER`, `CORRUPT_INDEX`, `NO_KEYFRAME_INDEX`, `LIMIT_EXCEEDED`, `NOT_FOUND`,
 * `SOURCE_UNREACHABLE`, `BAD_REQUEST`, `ABORTED`
 */
export const openMedia: (input: MediaInput, options?: OpenOptions) => Promise<Media> = (input, options) =>
  open(input, options)

/**
 * A handler of Web-standard requests that serves films: `{id}/master.m3u8` and all below it, `{id}/stream.mp4` and
 * `{id}/info.json`. It mounts in Hono, Express, Fastify, Next and, by {@link toNodeListener}, in plain `node:http`.
 *
 * @throws CuemuxError `BAD_REQUEST` for wrong options
 */
export const createHandler: (options: HandlerOptions) => Handler = createHandlerFactory(node, open)

/**
 * Encodes a film, or frames that the caller pushes, in several sizes from one decoding, and publishes them as an adaptive
 * presentation: to a folder, IPFS or S3. The playlists name what is stored while it grows. ffmpeg is needed.
 *
 * @throws CuemuxError `BAD_REQUEST` for wrong options, or another job's checkpoint; `SOURCE_CHANGED` for a checkpoint of another source;
 * `ENCODER_MISSING`, `OUTPUT_FAILED`, `ABORTED`, and what opening the film throws
 */
export function createLadder(options: LadderOptions & { readonly frames: LadderFrames }): Promise<FrameLadder>
/** Encodes and publishes a film. */
export function createLadder(options: LadderOptions & { readonly input: MediaInput }): Promise<Ladder>
export async function createLadder(options: LadderOptions): Promise<Ladder> {
  // Loaded when there is one to be made: encoding and publishing need most of all packages.
  return await (await import('./ladder/create-ladder.js')).createLadder(options)
}

/**
 * A manager of sessions: films that are being watched, by whom, within limits; with what was encoded of them kept in a folder,
 * found again after a restart.
 *
 * @throws CuemuxError `BAD_REQUEST` for wrong options
 */
export const createSessionManager: (options: SessionManagerOptions) => SessionManager = createSessionManagerFactory(
  node,
  open,
)
