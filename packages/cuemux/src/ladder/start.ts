import { setMaxListeners } from 'node:events'
import { END_MS, type JobOptions, LadderJob } from './job.js'
import { tell } from './listener.js'
import type { FrameLadder } from './options.js'
import { waitAtMost } from './patience.js'
import { openCheckpoint, restore } from './records.js'
import { StoredRendition } from './stored-ladder.js'

/**
 * Publishes what an engine makes, from where an earlier run was. The engine is closed with the job, also when this fails.
 *
 * @throws CuemuxError `BAD_REQUEST` and `SOURCE_CHANGED` for another job's checkpoint, `OUTPUT_FAILED`, `ABORTED`
 */
export async function startLadder(options: JobOptions): Promise<FrameLadder> {
  const { engine, store, checkpoint: file } = options
  const signal = AbortSignal.any(options.signal === undefined ? [] : [options.signal])
  // Each file that is looked at listens.
  setMaxListeners(0, signal)
  try {
    const renditions = new Map(engine.renditions.map(one => [one.name, new StoredRendition(one, engine.format)]))
    if (file === undefined) return new LadderJob(options, renditions, undefined, 0)
    const checkpoint = await openCheckpoint(file, engine, store, signal)
    const { segments, missing } = await restore(checkpoint, renditions, store, signal)
    if (checkpoint.isResumed) tell(options.onEvent, { type: 'resumed', segments, missing })
    else await checkpoint.begin()
    return new LadderJob(options, renditions, checkpoint, segments)
  } catch (error) {
    await waitAtMost(engine.close(), END_MS)
    throw error
  }
}
