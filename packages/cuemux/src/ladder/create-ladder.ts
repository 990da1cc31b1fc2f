import { validateOptions } from '../schemas.js'
import type { LadderEngineEvent, LadderEngineOptions } from './model.js'
import { openLadderEngine } from './open-engine.js'
import type { FrameLadder, LadderEvent, LadderPublishing } from './options.js'
import { startLadder } from './start.js'

/** Options of `createLadder`: what is encoded, how, and where it goes. */
export interface LadderOptions
  extends Omit<LadderEngineOptions, 'signal' | 'onEvent'>,
    Omit<LadderPublishing, 'onEvent'> {
  /** Told of an encoder in trouble, of a job that goes on, and of uploads that are tried again. */
  readonly onEvent?: (event: LadderEvent | LadderEngineEvent) => void
}

/** See `createLadder` of the package's entry. */
export async function createLadder(options: LadderOptions): Promise<FrameLadder> {
  const { store, checkpoint, signal, uploads, playlistIntervalMs, patienceMs, ...others } = { ...options }
  const { onPlaylist, onProgress, onEvent, ...encoding } = others
  const given = { store, checkpoint, signal, uploads, playlistIntervalMs, patienceMs, onPlaylist, onProgress, onEvent }
  const publishing = validateOptions('ladder', given as LadderPublishing)
  const engine = await openLadderEngine({
    ...encoding,
    ...(signal === undefined ? {} : { signal }),
    ...(onEvent === undefined ? {} : { onEvent }),
  })
  return await startLadder({ ...publishing, engine, isPushed: encoding.frames !== undefined })
}
