import { CuemuxError } from '@cuemux/core'
import type { MediaInfo } from '../info.js'
import type { SessionContent } from './content.js'
import type { SessionKind, SessionSettings } from './options.js'
import type { Holding } from './room.js'
import { isOpenState, nextState, type SessionSignal, type SessionState } from './states.js'
import { Viewers } from './viewers.js'

/** What a session is from its beginning to its end. */
export type SessionFacts = Pick<Session, 'id' | 'key' | 'reference' | 'settings' | 'kind' | 'sourceId' | 'createdAtMs'>

/** A session: its state, its viewers, and the order in which its content is opened and closed. */
export class Session {
  readonly id: string
  /** Says which starts are for this session: its source and settings. */
  readonly key: string
  readonly reference: string
  readonly settings: SessionSettings
  readonly kind: SessionKind
  readonly sourceId: string | undefined
  /** ms since 1970. */
  readonly createdAtMs: number
  readonly viewers: Viewers = new Viewers()
  /** Rises from one opening to the next, over all sessions. */
  order = 0
  content: SessionContent | undefined
  /** What ends the opening that is under way. */
  opening: AbortController | undefined
  /** Settles when the content is open, or can't be opened. */
  ready: Promise<void> = Promise.resolve()
  error: CuemuxError | undefined
  /** What is known of its film, also while that isn't open. */
  info: MediaInfo | undefined
  hint: MediaInfo | undefined
  /** When something was asked of it last, on the clock that only goes forward, ms. */
  usedAtMs: number
  /** When it came into its state, on the same clock, ms. */
  sinceMs: number
  /** When it was written to disk last, on the same clock, ms; `undefined` for one that isn't there. */
  savedAtMs: number | undefined
  readonly #tails = { content: Promise.resolve(), disk: Promise.resolve() }
  #state: SessionState

  constructor(facts: SessionFacts, state: 'starting' | 'suspended', nowMs: number) {
    this.id = facts.id
    this.key = facts.key
    this.reference = facts.reference
    this.settings = facts.settings
    this.kind = facts.kind
    this.sourceId = facts.sourceId
    this.createdAtMs = facts.createdAtMs
    this.#state = state
    this.usedAtMs = nowMs
    this.sinceMs = nowMs
  }

  get state(): SessionState {
    return this.#state
  }

  get isOpen(): boolean {
    return isOpenState(this.#state)
  }

  get isOver(): boolean {
    return this.#state === 'ended' || this.#state === 'failed'
  }

  get holding(): Holding {
    const { id, sourceId, order } = this
    return { id, sourceId, order, watchedBy: new Set(this.viewers.here.map(({ user }) => user.user)) }
  }

  /** Goes to the state that a signal leads to, and answers where it was. Throws for a signal that the table doesn't have. */
  transit(signal: SessionSignal, nowMs: number): SessionState {
    const from = this.#state
    const to = nextState(from, signal)
    if (to === undefined) throw new Error(`A session that is ${from} can't be ${signal}.`)
    this.#state = to
    this.sinceMs = nowMs
    return from
  }

  /** Takes what another episode lets expect of it. */
  onHint(info: MediaInfo): void {
    this.hint = info
  }

  /** One after the other: what opens and closes its content, or what changes its folder. */
  inTurn<T>(queue: 'content' | 'disk', work: () => Promise<T>): Promise<T> {
    const done = this.#tails[queue].then(work)
    this.#tails[queue] = done.then(
      () => {},
      () => {},
    )
    return done
  }

  /** Resolves when what was begun is done. */
  async settled(): Promise<void> {
    await this.#tails.content
    await this.#tails.disk
  }
}

/** What is answered for sessions that aren't there, and for those of others alike. */
export function noSession(id: string): CuemuxError {
  return new CuemuxError('NOT_FOUND', `There is no session "${id.slice(0, 64)}".`, { hint: 'Start it anew.' })
}
