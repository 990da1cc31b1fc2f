import type { FailureKind } from '../process/failure.js'

/** Told when a hardware encoder failed and another goes on. */
export interface EncoderTrouble {
  readonly family: string
  readonly kind: FailureKind
  readonly message: string
  /** For how long the family is left alone, ms; 0 where it only has no session left. */
  readonly pauseMs: number
}

/** Options of {@link EncoderHealth}. */
export interface EncoderHealthOptions {
  /** For how long an encoder that failed is left alone, ms. Default 60 000. */
  readonly pauseMs?: number | undefined
  readonly onTrouble?: ((trouble: EncoderTrouble) => void) | undefined
}

interface FamilyState {
  running: number
  /** Sessions at once, as far as a failure has shown it. */
  limit: number
  pausedUntil: number
}

/**
 * Which encoders can be used now: one for the whole program, as the sessions of a device are. A family whose device or
 * driver failed is tried again after a pause; of one that has no session left no more are started than it had.
 */
export class EncoderHealth {
  readonly #families = new Map<string, FamilyState>()
  readonly #options: EncoderHealthOptions

  constructor(options: EncoderHealthOptions = {}) {
    this.#options = options
  }

  /** The first that can be used, else the last one. */
  choose<T extends { readonly family: string }>(encoders: readonly [T, ...T[]]): T {
    const isUsable = ({ family }: T): boolean => {
      const { running, limit, pausedUntil } = this.#of(family)
      return running < limit && pausedUntil <= Date.now()
    }
    return encoders.find(isUsable) ?? encoders.at(-1) ?? encoders[0]
  }

  /** A run of the family starts; call the answer when it is over. */
  started(family: string): () => void {
    const state = this.#of(family)
    state.running++
    let isRunning = true
    return () => {
      if (isRunning) state.running--
      isRunning = false
    }
  }

  /** A run of the family failed, which is not counted among the running any more. */
  failed(family: string, kind: FailureKind, message: string): void {
    const state = this.#of(family)
    const hasOthers = kind === 'session-limit' && state.running > 0
    const pauseMs = hasOthers ? 0 : (this.#options.pauseMs ?? 60_000)
    if (hasOthers) state.limit = state.running
    else {
      state.pausedUntil = Date.now() + pauseMs
      // What a limit was learnt from may be gone by then.
      state.limit = Number.POSITIVE_INFINITY
    }
    this.#options.onTrouble?.({ family, kind, message, pauseMs })
  }

  #of(family: string): FamilyState {
    let state = this.#families.get(family)
    if (state === undefined) {
      state = { running: 0, limit: Number.POSITIVE_INFINITY, pausedUntil: 0 }
      this.#families.set(family, state)
    }
    return state
  }
}
