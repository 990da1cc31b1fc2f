import { createHash, randomBytes } from 'node:crypto'
import { BusyError } from '../service/busy.js'
import type { SessionUser } from './options.js'

/** Viewers of a session that are remembered, those that went away without a word among them. */
const MAX_VIEWERS = 1000

/** A viewer of a session. */
export interface Viewer {
  /** Hash of its token: what is kept of the token. */
  readonly hash: string
  readonly user: SessionUser
  /** Whether it was heard of lately. One that wasn't is let in again when it comes back. */
  isHere: boolean
  seenAtMs: number
  /** Requests that are being answered: one that waits for an encoder has not gone away. */
  requests: number
}

/** A viewer as it is written to disk. */
export interface ViewerRecord {
  readonly hash: string
  readonly user: string
  readonly maxSessions?: number
}

/** The viewers of a session, by the hashes of their tokens. */
export class Viewers {
  readonly #byHash = new Map<string, Viewer>()

  /** Lets a viewer in, with a token that it alone knows. @throws BusyError when all of too many are watching */
  join(user: SessionUser, nowMs: number): { readonly viewer: Viewer; readonly token: string } {
    if (this.#byHash.size >= MAX_VIEWERS) this.#forgetOneAway()
    const token = randomBytes(18).toString('base64url')
    const viewer: Viewer = { hash: hashOf(token), user, isHere: true, seenAtMs: nowMs, requests: 0 }
    this.#byHash.set(viewer.hash, viewer)
    return { viewer, token }
  }

  /** Those that were written to disk: all of them away. */
  restore(records: readonly ViewerRecord[]): void {
    for (const { hash, user, maxSessions } of records) {
      const who = maxSessions === undefined ? { user } : { user, maxSessions }
      this.#byHash.set(hash, { hash, user: who, isHere: false, seenAtMs: Number.NEGATIVE_INFINITY, requests: 0 })
    }
  }

  records(): ViewerRecord[] {
    return Array.from(this.#byHash.values(), ({ hash, user: { user, maxSessions } }) => ({
      hash,
      user,
      ...(maxSessions === undefined ? {} : { maxSessions }),
    }))
  }

  byToken(token: string): Viewer | undefined {
    return this.#byHash.get(hashOf(token))
  }

  remove(viewer: Viewer): void {
    viewer.isHere = false
    this.#byHash.delete(viewer.hash)
  }

  clear(): void {
    for (const viewer of this.#byHash.values()) viewer.isHere = false
    this.#byHash.clear()
  }

  get all(): Viewer[] {
    return [...this.#byHash.values()]
  }

  get here(): Viewer[] {
    return this.all.filter(viewer => viewer.isHere)
  }

  /** When the next one will have been silent for too long; `undefined` where nobody is here. */
  nextExpiryMs(idleMs: number): number | undefined {
    const times = this.here.map(viewer => viewer.seenAtMs + idleMs)
    return times.length === 0 ? undefined : Math.min(...times)
  }

  /** Those of whom nothing was heard for too long are away from now on. */
  expire(nowMs: number, idleMs: number): Viewer[] {
    const gone: Viewer[] = []
    for (const viewer of this.here) {
      if (viewer.requests > 0) viewer.seenAtMs = nowMs
      if (viewer.seenAtMs + idleMs > nowMs) continue
      viewer.isHere = false
      gone.push(viewer)
    }
    return gone
  }

  #forgetOneAway(): void {
    const away = this.all.find(viewer => !viewer.isHere)
    if (away === undefined) throw new BusyError(503, `A session has at most ${MAX_VIEWERS} viewers.`)
    this.remove(away)
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
