import type { LiveEvent } from 'cuemux'

/** Events of a live stream, and a way to wait for the next of a kind. */
export interface LiveEvents {
  readonly all: readonly LiveEvent[]
  readonly onEvent: (event: LiveEvent) => void
  /** Resolves with the next event of a type, of those for which `fits` holds. */
  next<T extends LiveEvent['type']>(
    type: T,
    fits?: (event: Extract<LiveEvent, { type: T }>) => boolean,
  ): Promise<Extract<LiveEvent, { type: T }>>
}

/** Collects events. */
export function liveEvents(): LiveEvents {
  const all: LiveEvent[] = []
  const waiting = new Set<(event: LiveEvent) => void>()
  return {
    all,
    onEvent: event => {
      all.push(event)
      for (const look of [...waiting]) look(event)
    },
    next: (type, fits = () => true) =>
      new Promise(resolve => {
        const look = (event: LiveEvent): void => {
          if (event.type !== type || !fits(event as Extract<LiveEvent, { type: typeof type }>)) return
          waiting.delete(look)
          resolve(event as Extract<LiveEvent, { type: typeof type }>)
        }
        waiting.add(look)
      }),
  }
}
