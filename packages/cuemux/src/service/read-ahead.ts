/** How many segments are prepared at once, over all viewers. */
const MAX_AT_ONCE = 4
/** Viewers whose place is remembered. */
const MAX_VIEWERS = 2000
/** Places remembered of those who can't be told apart. */
const MAX_PLACES = 8
/** Asked for in less than this part of their length, so many segments in a row are no player's: it is a download. */
const FAST_PART = 0.25
const FAST_SEGMENTS = 8

/** What a viewer may be recognized by, and whether that is surely one viewer's. */
export interface Viewer {
  readonly key: string
  readonly isAlone: boolean
}

/** A segment that may be prepared. */
export interface NextSegment {
  readonly n: number
  prepare(signal: AbortSignal): Promise<void>
  /** Told how it ended. */
  onEnd(outcome: 'prepared' | 'cancelled' | 'failed'): void
}

/** How far a viewer has come. */
export interface Place {
  n: number
  atMs: number
  /** How many segments in a row were asked for too fast for a player. */
  fastSegments: number
  preparing: AbortController | undefined
}

/** Prepares the segment after the one that a viewer was given; a viewer that goes elsewhere ends it. */
export class ReadAhead {
  readonly #viewers = new Map<string, Place[]>()
  #active = 0
  #isClosed = false

  /**
   * A viewer asks for segment n.
   *
   * @returns its place, for {@link ReadAhead.served}
   */
  asked(viewer: Viewer, n: number, durationMs: number): Place {
    const places = this.#viewers.get(viewer.key) ?? []
    // Re-inserted, so that the map's order is the order of use.
    this.#viewers.delete(viewer.key)
    this.#viewers.set(viewer.key, places)
    if (this.#viewers.size > MAX_VIEWERS) this.#forgetOldest()
    const place = places.find(one => one.n === n || one.n + 1 === n)
    const nowMs = performance.now()
    if (place === undefined) return this.#elsewhere(places, viewer.isAlone ? 1 : MAX_PLACES, n, nowMs)
    if (place.n !== n) {
      place.fastSegments = nowMs - place.atMs < durationMs * FAST_PART ? place.fastSegments + 1 : 0
      place.n = n
      place.atMs = nowMs
    }
    return place
  }

  /** The viewer at a place was given its segment: the next one is prepared, unless the viewer downloads. */
  served(place: Place, next: NextSegment): void {
    const isElsewhere = place.n !== next.n - 1
    if (isElsewhere || this.#isClosed || place.fastSegments >= FAST_SEGMENTS || this.#active >= MAX_AT_ONCE) return
    const controller = new AbortController()
    place.preparing = controller
    this.#active++
    next
      .prepare(controller.signal)
      .then(
        () => next.onEnd('prepared'),
        () => next.onEnd(controller.signal.aborted ? 'cancelled' : 'failed'),
      )
      .finally(() => {
        this.#active--
        if (place.preparing === controller) place.preparing = undefined
      })
  }

  close(): void {
    this.#isClosed = true
    for (const places of this.#viewers.values()) for (const { preparing } of places) preparing?.abort()
    this.#viewers.clear()
  }

  #elsewhere(places: Place[], maxPlaces: number, n: number, atMs: number): Place {
    if (places.length >= maxPlaces) places.shift()?.preparing?.abort()
    const place: Place = { n, atMs, fastSegments: 0, preparing: undefined }
    places.push(place)
    return place
  }

  #forgetOldest(): void {
    const [oldest] = this.#viewers
    if (oldest === undefined) return
    for (const { preparing } of oldest[1]) preparing?.abort()
    this.#viewers.delete(oldest[0])
  }
}
