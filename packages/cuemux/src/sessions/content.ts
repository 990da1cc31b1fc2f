import type { MediaInfo } from '../info.js'
import type { SessionSettings } from './options.js'

/** A track of subtitles of a session, as one WebVTT file. */
export interface SessionSubtitles {
  /** Path below the session's playlist, as `text-3/all.vtt`. */
  readonly path: string
  /** BCP 47. */
  readonly language: string
  readonly name: string
  readonly isDefault: boolean
}

/** How far the content of a session is. */
export interface ContentProgress {
  /** Length of what is presented, ms; `undefined` for live content. */
  readonly durationMs: number | undefined
  /** Segments that an encoder makes, and how many of them are kept on disk; of live content those made so far, and none. */
  readonly segments: { readonly total: number | undefined; readonly kept: number }
  readonly keptBytes: number
  /** Length of the segments that were encoded against the time that viewers waited for them; `undefined` before the first. */
  readonly speed: number | undefined
  /** Names of the renditions that are encoded. */
  readonly encoded: readonly string[]
}

/** What a session plays, while it is open. */
export interface SessionContent {
  /** What is known of the film; `undefined` for live content. */
  readonly info: MediaInfo | undefined
  readonly subtitles: readonly SessionSubtitles[]
  /** Answers a viewer's request for a path below the session. */
  respond(request: Request, path: string, viewer: string): Promise<Response>
  progress(): ContentProgress
  /**
   * A viewer goes to a place: what it will need there and isn't kept is made, in the order in which it will be needed.
   * Resolves when that is done, or given up for a later call for the same viewer.
   */
  seek?(viewer: string, positionMs: number): Promise<void>
  /** Numbers of the processes that work for it now. */
  processes?(): readonly number[]
  /** Ends its processes and gives back all that it holds open; what is on disk stays. Never rejects. */
  close(): Promise<void>
}

/** What content is opened from. */
export interface ContentRequest<Source> {
  readonly id: string
  readonly source: Source
  readonly settings: SessionSettings
  /** The session's own folder: it is there, and goes with the session. Nothing is kept of live content: it has none. */
  readonly folder: string | undefined
  /** Fires when the session is ended before it is open. */
  readonly signal: AbortSignal
  /** To be told what is expected of the film before it is open. */
  readonly onHint: (info: MediaInfo) => void
  /** To be told, once it is open, that nothing more will come: whoever starts it anew gets another session. */
  readonly onEnd: () => void
  /** To be told, once it is open, that it can't go on. */
  readonly onFailure: (error: unknown) => void
}

/** Opens what a session plays. What it rejects with has left nothing behind. */
export type OpenContent<Source> = (request: ContentRequest<Source>) => Promise<SessionContent>
