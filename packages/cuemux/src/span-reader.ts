import { type Demuxer, type SampleBatch, SingleFlight, type Span } from '@cuemux/core'
import { isRemote } from './remote.js'
import { type Lease, SharedMemory } from './segment-memory.js'

/** On a near source only samples up to this size are kept (copied out of the bytes that were read for them). */
const SMALL_BATCH_BYTES = 1 << 20

interface Kept {
  readonly batches: readonly SampleBatch[]
  readonly bytes: number
}

/**
 * Reads spans for several renditions of one film: one read of the source serves all renditions of a segment, as they
 * are asked for one after the other. Bounded by bytes; what it keeps never changes what it gives.
 */
export class SpanReader {
  readonly #demuxer: Demuxer
  readonly #trackIds: readonly number[]
  readonly #capacityBytes: number
  readonly #isRemote: boolean
  readonly #flights = new SingleFlight<ReadonlyMap<number, readonly SampleBatch[]>>()
  /** What the reads that are under way go into, where somebody gives memory back. */
  readonly #memories = new Map<string, SharedMemory | undefined>()
  readonly #kept = new Map<string, Kept>()
  #keptBytes = 0

  /**
   * @param trackIds the tracks of all renditions, read together
   * @param capacityBytes how many bytes of samples may be kept
   */
  constructor(demuxer: Demuxer, trackIds: readonly number[], seekCostBytes: number, capacityBytes: number) {
    this.#demuxer = demuxer
    this.#trackIds = trackIds
    this.#capacityBytes = capacityBytes
    this.#isRemote = isRemote(seekCostBytes)
  }

  /**
   * The batches of the given tracks in a span; tracks without samples there give none.
   *
   * @param lease who gives it takes the bytes for as long only as he holds it
   */
  async read(
    span: Span,
    trackIds: readonly number[],
    signal: AbortSignal | undefined,
    lease?: Lease,
  ): Promise<SampleBatch[]> {
    const kept = trackIds.map(id => this.#take(span, id))
    if (kept.every(batches => batches !== undefined)) return kept.flat()
    // Without room to keep the other tracks' samples they are not read either.
    const wanted = this.#capacityBytes > 0 ? this.#trackIds : trackIds
    const key = `${span.first}-${span.end}:${wanted.join()}`
    // Far away most of what was read is kept for the other renditions, as it lies.
    if (!this.#flights.has(key)) this.#memories.set(key, lease && !this.#isRemote ? new SharedMemory() : undefined)
    const memory = this.#memories.get(key)
    const release = memory?.hold()
    try {
      const all = await this.#flights.run(key, signal, inner => this.#readAll(span, wanted, trackIds, inner, memory))
      // Without a lease, or after a failure, it is held for good: nobody says when its bytes aren't looked at any more.
      if (release !== undefined) lease?.add(release)
      return trackIds.flatMap(id => all.get(id) ?? [])
    } finally {
      if (!this.#flights.has(key)) this.#memories.delete(key)
    }
  }

  async #readAll(
    span: Span,
    wanted: readonly number[],
    asked: readonly number[],
    signal: AbortSignal,
    memory: SharedMemory | undefined,
  ): Promise<ReadonlyMap<number, readonly SampleBatch[]>> {
    const batches = await this.#demuxer.readSpan(span, wanted, { signal, memory })
    const byTrack = new Map<number, SampleBatch[]>(wanted.map(id => [id, []]))
    for (const batch of batches) byTrack.get(batch.trackId)?.push(batch)
    for (const [id, list] of byTrack) if (!asked.includes(id)) this.#keep(span, id, list)
    return byTrack
  }

  #take(span: Span, trackId: number): readonly SampleBatch[] | undefined {
    const key = keyOf(span, trackId)
    const kept = this.#kept.get(key)
    if (kept === undefined) return undefined
    // Re-inserted, so that the map's order is the order of use.
    this.#kept.delete(key)
    this.#kept.set(key, kept)
    return kept.batches
  }

  #keep(span: Span, trackId: number, batches: readonly SampleBatch[]): void {
    const payloadBytes = batches.reduce((sum, batch) => sum + bytesOf(batch), 0)
    const isSmall = payloadBytes <= SMALL_BATCH_BYTES
    if (!isSmall && !this.#isRemote) return
    const entry = { batches: isSmall ? batches.map(compact) : batches, bytes: payloadBytes }
    if (entry.bytes > this.#capacityBytes) return
    const key = keyOf(span, trackId)
    this.#keptBytes += entry.bytes - (this.#kept.get(key)?.bytes ?? 0)
    this.#kept.delete(key)
    this.#kept.set(key, entry)
    for (const [oldest, { bytes }] of this.#kept) {
      if (this.#keptBytes <= this.#capacityBytes) break
      this.#kept.delete(oldest)
      this.#keptBytes -= bytes
    }
  }
}

function keyOf(span: Span, trackId: number): string {
  return `${span.first}-${span.end}:${trackId}`
}

function bytesOf(batch: SampleBatch): number {
  let bytes = 0
  for (let i = 0; i < batch.count; i++) bytes += batch.size[i] as number
  return bytes
}

/** The batch with its samples copied together, so that it doesn't hold on to all the bytes that were read around them. */
function compact(batch: SampleBatch): SampleBatch {
  const whole = new Uint8Array(bytesOf(batch))
  const data: Uint8Array[] = []
  let position = 0
  for (const sample of batch.data) {
    whole.set(sample, position)
    data.push(whole.subarray(position, position + sample.byteLength))
    position += sample.byteLength
  }
  const { additions } = batch
  return { ...batch, data, ...(additions && { additions: additions.map(one => one && new Uint8Array(one)) }) }
}
