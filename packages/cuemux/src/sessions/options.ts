import type { CuemuxError } from '@cuemux/core'
import type { ClientInput } from '../client.js'
import type { EncoderOptions } from '../encoding/options.js'
import type { MediaInfo } from '../info.js'
import type { LiveStreamOptions } from '../live/options.js'
import type { CorsOptions } from '../service/cors.js'
import type { HandlerLimits, ResolvedMedia } from '../service/options.js'
import type { ContentProgress, SessionSubtitles } from './content.js'
import type { SessionState } from './states.js'

/** How a session plays its film: the same source with the same settings is the same session. */
export interface SessionSettings {
  /** Who plays it; default `browser`. */
  readonly client?: ClientInput
  /** Languages of the sound in the order of preference (BCP 47). */
  readonly audioLanguages?: readonly string[]
  /** Where the presentation starts, ms from the film's beginning. */
  readonly startMs?: number
  /** Where it ends, ms. */
  readonly endMs?: number
}

/** Who asks, and what they may: as the caller's own code knows them, never as a client says. */
export interface SessionUser {
  /** Name of the account. */
  readonly user: string
  /** How many sessions this user may watch at once; default as many as there are. */
  readonly maxSessions?: number
  /** Sees and ends all sessions. */
  readonly isAdmin?: boolean
}

/** What a session counts for. */
export interface SessionSource {
  /** What limits per source go by, as the name of an account at a provider. */
  readonly sourceId?: string
  /** How many sessions may be open from this source at once; default as many as there are. */
  readonly maxPerSource?: number
}

/** A film and how it is reached. */
export interface ResolvedFilm extends ResolvedMedia, SessionSource {
  /** The series that it is an episode of: what is known of one is a hint for the others. */
  readonly series?: string
}

/** A live input, of which nothing is kept. */
export interface ResolvedLive extends SessionSource {
  /** As of {@link createLiveStream}; it is kept in memory. */
  readonly live: Omit<LiveStreamOptions, 'cors' | 'folder' | 'keepFiles' | 'signal'>
}

/** What a reference stands for. */
export type ResolvedSession = ResolvedFilm | ResolvedLive

/** Options of {@link createSessionManager}. */
export interface SessionManagerOptions {
  /** Where sessions are kept: a folder of a local disk that no other process uses at the same time. */
  readonly folder: string
  /**
   * The film of a reference, or `undefined` when there is none; called when a session is opened, also again after a
   * restart. It may refuse by throwing a {@link CuemuxError}. References are written to disk and shown in lists: let them be
   * names that only this function can turn into addresses.
   */
  resolve(reference: string, user: SessionUser): ResolvedSession | undefined | Promise<ResolvedSession | undefined>
  /** Who makes a request to the HTTP API, or `undefined` for somebody who may not. Without it the API answers nobody. */
  authorize?(request: Request): SessionUser | undefined | Promise<SessionUser | undefined>
  /** Where `handle` is mounted, as `/sessions`; default at the root. */
  readonly basePath?: string
  /** How long a viewer is there without asking for anything, and a session open without viewers, ms; default 30 s. */
  readonly idleMs?: number
  /** How long what was made of a film is kept after its last viewer, ms; default an hour. 0: not at all. */
  readonly cacheMs?: number
  /** A stop for others is ignored when a viewer asked for something within this time, ms; default 5 s. */
  readonly stopGraceMs?: number
  /** How long opening a session may take, ms; default 40 s. */
  readonly startTimeoutMs?: number
  /** How much segments on disk may take together; default 20 GiB. */
  readonly maxBytes?: number
  /** How many sessions there may be, suspended ones included; default 1000. */
  readonly maxSessions?: number
  /** How tracks are encoded, unless `resolve` says otherwise. */
  readonly encoder?: EncoderOptions
  /** How much is done at once for a session. */
  readonly limits?: HandlerLimits
  /** Which pages of other sites may play sessions whose address they have; default all. `false`: none. */
  readonly cors?: CorsOptions | false
  /** Shows clients what failed, as it is; for development. */
  readonly exposeErrors?: boolean
  /** Told of what happens. */
  readonly onEvent?: (event: SessionEvent) => void
}

/** What a session is started with. */
export interface StartSession {
  /** What `resolve` turns into a film. */
  readonly source: string
  readonly settings?: SessionSettings
  /** Where the viewer begins, ms: what is needed there is made first. */
  readonly positionMs?: number
  readonly signal?: AbortSignal
}

/** A viewer of a session. */
export interface SessionViewer {
  readonly session: string
  /** What all of the viewer's addresses have in them: nobody else can guess it. */
  readonly token: string
}

/** What a session that was started gives its viewer. */
export interface StartedSession extends SessionViewer {
  /** Path of the multivariant playlist, with `basePath`. */
  readonly playlist: string
  /** Whether others had started it before. */
  readonly isReused: boolean
  readonly info: MediaInfo | undefined
  /** Each track of subtitles, with the path of its WebVTT file. */
  readonly subtitles: readonly SessionSubtitles[]
}

/** A session as lists show it. */
export interface SessionInfo {
  readonly id: string
  readonly source: string
  /** The film's name, where it is known. */
  readonly name: string | undefined
  readonly kind: SessionKind
  readonly settings: SessionSettings
  readonly state: SessionState
  /** When it was started first, ms since 1970. */
  readonly createdAtMs: number
  /** For how long nothing was asked of it, ms. */
  readonly quietMs: number
  /** When nothing of it will be left, unless somebody comes: in so many ms. */
  readonly endsInMs: number | undefined
  /** Names of users who watch it now; an entry for each viewer. */
  readonly viewers: readonly string[]
  readonly progress: ContentProgress | undefined
  /** What is expected of it by another episode, until it is open. */
  readonly hint: MediaInfo | undefined
  /** CPU time of its processes, s; `undefined` where the system doesn't tell. */
  readonly cpuSeconds: number | undefined
  readonly error: { readonly code: string; readonly message: string } | undefined
}

/** What a session plays. */
export type SessionKind = 'vod' | 'live'

/** How a session is stopped. */
export interface StopSession {
  /** The viewer that stops; without it all viewers of the user, or, for an administrator, of everybody. */
  readonly token?: string
  /** Also though it was watched a moment ago; and nothing of it is kept, unless others watch it. */
  readonly isForced?: boolean
}

/** What came of a stop. */
export interface StoppedSession {
  /** `ignored`: somebody asked for something a moment ago. `left`: others watch it. */
  readonly outcome: 'ignored' | 'left' | 'stopped' | 'ended'
}

/** What a manager tells. */
export type SessionEvent =
  /** A session went from one state to another, and why; `from` is missing where it began. */
  | {
      readonly type: 'state'
      readonly session: string
      readonly from: SessionState | undefined
      readonly to: SessionState
      readonly reason: string
    }
  /** A viewer came, went away without a word, came back, or left. */
  | {
      readonly type: 'viewer'
      readonly session: string
      readonly user: string
      readonly what: 'joined' | 'away' | 'back' | 'left'
    }
  /** What was found in the folder at the start: sessions that go on, and folders that were removed. */
  | { readonly type: 'recovered'; readonly sessions: number; readonly removed: number }
  /** Another episode of a series is not like those before it. */
  | { readonly type: 'hint-wrong'; readonly session: string; readonly series: string }
  /** Segments were removed to keep within `maxBytes`. */
  | { readonly type: 'evicted'; readonly files: number; readonly bytes: number }
  /** Something went wrong that fails no viewer: a file that can't be written. */
  | { readonly type: 'error'; readonly session: string | undefined; readonly error: CuemuxError }

/** Sessions: films that are being watched, with an end. */
export interface SessionManager {
  /** Resolves when what was left in the folder is cleaned up and sessions are back. @throws CuemuxError `CAPACITY` where another process uses the folder, `OUTPUT_FAILED` */
  ready(): Promise<void>
  /**
   * Starts a session for a viewer, or joins it to one of the same source and settings.
   *
   * @throws CuemuxError `CAPACITY` at a limit, `NOT_FOUND`, `BAD_REQUEST`, `ABORTED`, and what opening a film throws
   */
  start(request: StartSession, user: SessionUser): Promise<StartedSession>
  /** Joins another viewer of the same user to a session that there is. @throws CuemuxError as `start` */
  join(session: string, user: SessionUser): Promise<StartedSession>
  /** A viewer goes to a place: what is missing there is made, what it needs first is made first. @throws CuemuxError `NOT_FOUND`, `CAPACITY` */
  seek(viewer: SessionViewer, positionMs: number): Promise<void>
  /** Ends a viewer, or a session. @throws CuemuxError `NOT_FOUND`, also for sessions of others */
  stop(session: string, user: SessionUser, options?: StopSession): Promise<StoppedSession>
  /** Tells that a viewer is there. @throws CuemuxError `NOT_FOUND`, `CAPACITY` */
  touch(viewer: SessionViewer): Promise<void>
  /** The sessions that a user watches, or all for an administrator. */
  list(user: SessionUser): Promise<readonly SessionInfo[]>
  /** One of them; with a viewer's token this is a heartbeat of that viewer. @throws CuemuxError `NOT_FOUND` */
  progress(session: string, user: SessionUser, token?: string): Promise<SessionInfo>
  /** Answers requests of players, and of the HTTP API. */
  handle(request: Request): Promise<Response>
  /** Ends all processes and timers within 5 s; what is kept of films is found again by the next manager of this folder. */
  close(): Promise<void>
}
