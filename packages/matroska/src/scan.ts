import { type ByteSource, CuemuxError, type ReadOptions, throwIfAborted } from '@cuemux/core'
import { BlockWalker, TAKE_TIMES, type WalkedTrack } from './block-walker.js'
import { CueRows } from './cues.js'
import { FRAME_KEY, FrameColumns } from './frame-columns.js'
import { step } from './walk-step.js'
import { ByteWindow, type Chunk } from './window.js'

/** What a pass over the media is about. */
export interface ScanRequest {
  readonly source: ByteSource
  readonly options: ReadOptions & {
    readonly onProgress?: ((doneBytes: number, totalBytes: number) => void) | undefined
  }
  /** What is in memory already. */
  readonly known: readonly Chunk[]
  readonly firstCluster: number
  readonly segmentEnd: number
  readonly trackIds: readonly number[]
  readonly referenceId: number
  /** Least distance of two keyframes, container ticks: any frame of sound is one, and they needn't all be known. */
  readonly minDistance: number
}

/** What a pass over the media found. */
export interface ScanResult {
  readonly cues: CueRows
  /** Greatest timestamp of each track's blocks, container ticks. */
  readonly lastTicks: ReadonlyMap<number, number>
  /** The media end in the middle of a cluster, or in bytes that are none. */
  readonly isCut: boolean
}

const HOP_BYTES = 16 * 1024
const STREAM_BYTES = 1024 * 1024
const MAX_HELD_BYTES = 4 * 1024 * 1024

/**
 * Finds the reference track's keyframes in a film without Cues: from cluster to cluster where their sizes are known,
 * else through all of it.
 *
 * @throws CuemuxError `ABORTED`, and what the source throws
 */
export async function scanKeyframes(request: ScanRequest): Promise<ScanResult> {
  const scan = new Scan(request, request.firstCluster)
  const cues = new CueRows()
  let lastKey = Number.NEGATIVE_INFINITY
  let lastCluster = request.firstCluster
  let hopped = false
  await scan.run(() => {
    const { walker, reference } = scan
    lastCluster = walker.clusterOffset
    if (reference.count === 0) return
    const ticks = reference.ticks[0]!
    if ((reference.flags[0]! & FRAME_KEY) === 0) return
    if (ticks - lastKey >= request.minDistance) {
      cues.add(ticks, walker.clusterOffset, reference.position[0]! - walker.clusterDataStart)
      lastKey = ticks
    }
    if (walker.clusterEnd > walker.position && walker.clusterEnd < request.segmentEnd) {
      walker.jump(walker.clusterEnd)
      hopped = true
    }
  })
  // The cluster that turned out to be the last one was left after its first keyframe.
  const end = hopped ? await findEnd(request, lastCluster) : scan
  return { cues, lastTicks: end.lastTicks, isCut: end.isCut }
}

/** Walks from a cluster to the end of the media and tells when each track ends. */
export async function findEnd(
  request: ScanRequest,
  clusterOffset: number,
): Promise<{ readonly lastTicks: ReadonlyMap<number, number>; readonly isCut: boolean }> {
  const scan = new Scan(request, clusterOffset)
  await scan.run(() => undefined)
  return scan
}

/** One pass: blocks one after another, of which only times are kept, and of those only the last. */
class Scan {
  readonly walker: BlockWalker
  readonly lastTicks: Map<number, number> = new Map()
  isCut = false
  readonly #request: ScanRequest
  readonly #tracks: readonly WalkedTrack[]
  readonly #reference: WalkedTrack

  constructor(request: ScanRequest, from: number) {
    this.#request = request
    this.#tracks = request.trackIds.map(trackId => ({ trackId, take: TAKE_TIMES, frames: new FrameColumns() }))
    this.walker = new BlockWalker(from, request.segmentEnd, this.#tracks)
    this.#reference = this.#tracks.find(track => track.trackId === request.referenceId)!
  }

  /** The block of the reference track that was just met, if it was one of its. */
  get reference(): FrameColumns {
    return this.#reference.frames
  }

  /** Walks to the end; calls `visit` at each block. Damaged bytes end the walk: the film is cut there. */
  async run(visit: () => void): Promise<void> {
    const { source, options, known, segmentEnd, firstCluster } = this.#request
    const { walker } = this
    let window = new ByteWindow(source, options, known)
    let piece = HOP_BYTES
    let readFrom = walker.position
    while (!walker.hasEnded) {
      throwIfAborted(options.signal)
      piece = walker.position === readFrom || walker.clusterEnd === Number.POSITIVE_INFINITY ? STREAM_BYTES : piece
      try {
        const taken = await step(window, walker, Number.POSITIVE_INFINITY, true, walker.position + piece)
        let status = taken.status
        while (status === 'block') {
          const from = walker.position
          this.#note(visit)
          piece = walker.position === from ? Math.min(piece * 2, STREAM_BYTES) : HOP_BYTES
          status = walker.walk(taken.chunk.bytes, taken.chunk.base, Number.POSITIVE_INFINITY, true)
        }
      } catch (error) {
        if (!(error instanceof CuemuxError) || error.code !== 'CORRUPT_MEDIA') throw error
        this.isCut = true
        break
      }
      readFrom = -1
      if (window.heldBytes > MAX_HELD_BYTES) {
        window = new ByteWindow(source, options, window.keep(walker.position, Number.POSITIVE_INFINITY))
      }
      options.onProgress?.(walker.position - firstCluster, segmentEnd - firstCluster)
    }
    if (walker.position < segmentEnd && Number.isFinite(segmentEnd)) this.isCut = true
  }

  #note(visit: () => void): void {
    visit()
    for (const track of this.#tracks) {
      if (track.frames.count === 0) continue
      const ticks = track.frames.ticks[0]!
      if (!(ticks <= (this.lastTicks.get(track.trackId) ?? Number.NEGATIVE_INFINITY))) {
        this.lastTicks.set(track.trackId, ticks)
      }
      track.frames.clear()
    }
  }
}
