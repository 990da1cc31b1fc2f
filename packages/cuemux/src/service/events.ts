import type { CuemuxError } from '@cuemux/core'
import type { Media } from '../media.js'
import type { ResourceKind } from '../resource.js'

/** What a handler tells about its work. Durations are in ms; paths are below the film's id. */
export type HandlerEvent =
  /** A film was opened: by its bytes, or by an index that was kept. */
  | {
      readonly type: 'open'
      readonly id: string
      readonly media: Media
      readonly index: 'read' | 'cache'
      readonly durationMs: number
    }
  /** A film's source was given back. */
  | { readonly type: 'close'; readonly id: string }
  /** Bytes came from a film's source. */
  | {
      readonly type: 'read'
      readonly id: string
      readonly offsetBytes: number
      readonly byteLength: number
      readonly durationMs: number
    }
  /** A resource was given out: made for it, or kept or made for another request. */
  | {
      readonly type: 'resource'
      readonly id: string
      readonly path: string
      readonly kind: ResourceKind
      readonly byteLength: number
      readonly origin: 'made' | 'cache'
      /** A segment that went through an encoder. */
      readonly isEncoded: boolean
      readonly durationMs: number
    }
  /** A continuous stream ended, or its viewer left. */
  | { readonly type: 'stream'; readonly id: string; readonly byteLength: number; readonly durationMs: number }
  /** A segment was prepared before it was asked for, or this was ended by a seek. */
  | {
      readonly type: 'read-ahead'
      readonly id: string
      readonly path: string
      readonly outcome: 'prepared' | 'cancelled' | 'failed'
    }
  /** A request was sent away: a limit is reached. */
  | { readonly type: 'refused'; readonly id: string; readonly caller: string | undefined; readonly status: 429 | 503 }
  /** A request failed. */
  | { readonly type: 'error'; readonly id: string; readonly error: CuemuxError; readonly status: number }

/** Takes a handler's events as lines of a log: `console` and pino's loggers do. */
export interface HandlerLogger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** Tells whoever listens. What a listener throws is its own. */
export type Tell = (event: HandlerEvent) => void

/** One function for the listener and the logger; `undefined` where there is neither. */
export function teller(onEvent: Tell | undefined, logger: HandlerLogger | undefined): Tell | undefined {
  if (onEvent === undefined && logger === undefined) return undefined
  return event => {
    try {
      onEvent?.(event)
      if (logger !== undefined) log(logger, event)
    } catch {
      // A log that fails is no reason to fail a viewer.
    }
  }
}

function log(logger: HandlerLogger, event: HandlerEvent): void {
  const [level, fields, message] = lineOf(event)
  logger[level](fields, message)
}

function lineOf(event: HandlerEvent): [level: keyof HandlerLogger, fields: object, message: string] {
  switch (event.type) {
    case 'open': {
      const { media, ...fields } = event
      return ['info', { ...fields, film: media.info.name }, 'film opened']
    }
    case 'close':
      return ['info', event, 'film closed']
    case 'refused':
      return ['warn', event, 'request refused: a limit is reached']
    case 'error': {
      const { error, ...fields } = event
      return [event.status >= 500 ? 'error' : 'warn', { ...fields, code: error.code }, error.describe()]
    }
    default:
      return ['debug', event, event.type]
  }
}
