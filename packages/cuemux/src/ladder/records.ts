import { CuemuxError } from '@cuemux/core'
import { Checkpoint, type CheckpointSegment, type PublishStore, type StoredFile } from '@cuemux/store'
import type { LadderEngine, LadderRendition } from './model.js'
import { withSignal } from './patience.js'
import type { StoredRendition, StoredSegment } from './stored-ladder.js'

/** How many stored files are looked at at once. */
const LOOKS = 8

/** A segment, or an init segment, as the job's checkpoint keeps it. */
export function recordOf(rendition: LadderRendition, file: StoredFile, segment?: StoredSegment): CheckpointSegment {
  const { name: rung, timescale } = rendition
  if (segment === undefined) return { ...file, rung, timescale, start: 0, duration: 0 }
  const { number, start, duration, keyframeRange } = segment
  return {
    ...file,
    rung,
    segment: number,
    timescale,
    start,
    duration,
    ...(keyframeRange === undefined ? {} : { keyframeRange }),
  }
}

/** Opens the checkpoint of a ladder; one of other settings, or of another source, is refused. */
export async function openCheckpoint(
  file: string,
  engine: LadderEngine,
  store: PublishStore,
  signal: AbortSignal,
): Promise<Checkpoint> {
  const job = { settings: { ...engine.settings, store: store.kind }, source: engine.source }
  return await Checkpoint.resume(file, job, { signal })
}

/** What a checkpoint's files turned out to be. */
export interface Restored {
  /** Segments that are there. */
  readonly segments: number
  /** Paths of files that are gone or not what they were. */
  readonly missing: readonly string[]
}

/**
 * Takes over what an earlier run stored, as far as the store still has it; the rest is forgotten, and made again.
 *
 * @throws CuemuxError `OUTPUT_FAILED` when the store can't be asked, `ABORTED`
 */
export async function restore(
  checkpoint: Checkpoint,
  renditions: ReadonlyMap<string, StoredRendition>,
  store: PublishStore,
  signal: AbortSignal,
): Promise<Restored> {
  const missing: string[] = []
  const queue = checkpoint.segments.values()
  const look = async (): Promise<void> => {
    for (const record of queue) {
      if (await isThere(record, store, signal)) continue
      missing.push(record.path)
      checkpoint.forget(record.rung, record.segment)
    }
  }
  await Promise.all(Array.from({ length: LOOKS }, look))
  forgetForInits(checkpoint, renditions)
  let segments = 0
  for (const record of checkpoint.segments) {
    const stored = renditions.get(record.rung)
    if (stored === undefined) continue
    if (record.segment === undefined) stored.addInit(fileOf(record))
    else {
      const { segment: number, start, duration, keyframeRange } = record
      stored.add({ number, file: fileOf(record), start, duration, keyframeRange })
      segments++
    }
  }
  return { segments, missing: missing.sort() }
}

/** An init segment comes with a segment that is made: where it is gone, one is. */
function forgetForInits(checkpoint: Checkpoint, renditions: ReadonlyMap<string, StoredRendition>): void {
  for (const [rung, { needsInit }] of renditions) {
    if (!needsInit || checkpoint.find(rung) !== undefined) continue
    const first = checkpoint.segments.find(record => record.rung === rung)
    if (first !== undefined) checkpoint.forget(rung, first.segment)
  }
}

async function isThere(record: CheckpointSegment, store: PublishStore, signal: AbortSignal): Promise<boolean> {
  const found = await withSignal(store.verify(record.address, { signal }), signal).catch((error: unknown) => {
    // A file of blocks of which one is damaged: it is stored anew.
    if (error instanceof CuemuxError && error.code === 'OUTPUT_FAILED' && error.at !== undefined) return undefined
    throw error
  })
  return (
    found !== undefined &&
    found.sizeBytes === record.sizeBytes &&
    isSame(found.checksum, record.checksum) &&
    isSame(found.cid, record.cid)
  )
}

function isSame(found: string | undefined, recorded: string | undefined): boolean {
  return found === undefined || recorded === undefined || found === recorded
}

function fileOf({ path, address, url, cid, checksum, sizeBytes }: CheckpointSegment): StoredFile {
  return {
    path,
    address,
    ...(url === undefined ? {} : { url }),
    ...(cid === undefined ? {} : { cid }),
    ...(checksum === undefined ? {} : { checksum }),
    sizeBytes,
  }
}
