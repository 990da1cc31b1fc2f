import { BusyError } from '../service/busy.js'
import type { SessionUser } from './options.js'

/** An open session as limits see it. */
export interface Holding {
  readonly id: string
  readonly sourceId: string | undefined
  /** Rises from one that was opened to the next. */
  readonly order: number
  /** Names of the users who watch it now. */
  readonly watchedBy: ReadonlySet<string>
}

/** Who wants to watch what. */
export interface RoomRequest {
  readonly user: SessionUser
  readonly sourceId: string | undefined
  readonly maxPerSource: number | undefined
  /** The session that is to be watched, where it is there already, open or not. */
  readonly target: string | undefined
}

/** What has to give way. */
export interface Eviction {
  /** Sessions that close. */
  readonly close: readonly string[]
  /** Sessions that the user leaves: those that nobody else watches close as well. */
  readonly leave: readonly string[]
}

/**
 * What gives way so that somebody can watch something: nothing where the session is open already and the user is in it.
 * Limits hold for open sessions; of a source first what nobody watches gives way, then the user's own oldest; of a user
 * the oldest. A session that others watch never gives way.
 *
 * @throws BusyError (429) for a source at its limit with nothing of the user's own to give up
 */
export function findRoom(request: RoomRequest, open: readonly Holding[]): Eviction {
  const others = open.filter(({ id }) => id !== request.target).sort((a, b) => a.order - b.order)
  const close = roomAtSource(request, others, others.length < open.length)
  const { user, maxSessions } = request.user
  const mine = others.filter(({ id, watchedBy }) => watchedBy.has(user) && !close.includes(id))
  const excess = limited(maxSessions) ? mine.length + 1 - maxSessions : 0
  return { close, leave: mine.slice(0, Math.max(0, excess)).map(({ id }) => id) }
}

function roomAtSource(
  { user, sourceId, maxPerSource }: RoomRequest,
  others: readonly Holding[],
  isOpen: boolean,
): string[] {
  if (isOpen || sourceId === undefined || !limited(maxPerSource)) return []
  const there = others.filter(other => other.sourceId === sourceId)
  const excess = there.length + 1 - maxPerSource
  if (excess <= 0) return []
  const unwatched = there.filter(({ watchedBy }) => watchedBy.size === 0)
  const own = there.filter(({ watchedBy }) => watchedBy.size === 1 && watchedBy.has(user.user))
  const givesWay = [...unwatched, ...own].slice(0, excess)
  if (givesWay.length < excess) throw new BusyError(429, `Source at capacity (${maxPerSource} streams)`, 5)
  return givesWay.map(({ id }) => id)
}

function limited(max: number | undefined): max is number {
  return max !== undefined && max > 0
}
