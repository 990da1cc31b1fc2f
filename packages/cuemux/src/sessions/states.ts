/**
 * Where a session is in its life.
 *
 * - `starting`: its content is being opened.
 * - `running`: at least one viewer watches it.
 * - `idle`: nobody watches it at present; its content stays open for a while.
 * - `suspended`: nothing is open; what was made of it is kept, and it goes on when somebody comes.
 * - `ended`: nothing of it is left.
 * - `failed`: its content could not be opened, or failed; only the reason is left, for a while.
 */
export type SessionState = 'starting' | 'running' | 'idle' | 'suspended' | 'ended' | 'failed'

/** What moves a session from one state to another. */
export type SessionSignal = 'opened' | 'failed' | 'watched' | 'unwatched' | 'wanted' | 'rested' | 'ended'

/** A part of the keeper that gives signals: what opens content, what lets viewers in and out, what ends sessions. */
export type SignalOwner = 'content' | 'viewers' | 'retirement'

/** Who alone gives a signal: a transition has one owner, so that no two parts can move a session at cross purposes. */
export const SIGNAL_OWNERS: Readonly<Record<SessionSignal, SignalOwner>> = {
  opened: 'content',
  failed: 'content',
  watched: 'viewers',
  unwatched: 'viewers',
  wanted: 'viewers',
  rested: 'retirement',
  ended: 'retirement',
}

/** Where each signal leads from each state; what isn't here can't happen. */
export const TRANSITIONS: Readonly<Record<SessionState, Readonly<Partial<Record<SessionSignal, SessionState>>>>> = {
  starting: { opened: 'running', failed: 'failed', rested: 'suspended', ended: 'ended' },
  running: { unwatched: 'idle', failed: 'failed', rested: 'suspended', ended: 'ended' },
  idle: { watched: 'running', failed: 'failed', rested: 'suspended', ended: 'ended' },
  suspended: { wanted: 'starting', ended: 'ended' },
  failed: { ended: 'ended' },
  ended: {},
}

/** States in which a session has content open, or is opening it: what limits count. */
export function isOpenState(state: SessionState): boolean {
  return state === 'starting' || state === 'running' || state === 'idle'
}

/** The state that a signal leads to; `undefined` where it leads nowhere. */
export function nextState(state: SessionState, signal: SessionSignal): SessionState | undefined {
  return TRANSITIONS[state][signal]
}
