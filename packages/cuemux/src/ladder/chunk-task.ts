import { CuemuxError, type SampleBatch } from '@cuemux/core'
import { type FfmpegProcess, LateStart } from '@cuemux/ffmpeg'
import type { SegmentQueue } from './segment-queue.js'
import type { Chunk, ChunkRun, VideoLadder } from './video-ladder.js'

/** What a chunk's task is made of. */
export interface ChunkTaskOptions {
  readonly ladder: VideoLadder
  readonly chunk: Chunk
  readonly queue: SegmentQueue
  /** Whether a segment is stored already. */
  readonly isStored: (rung: number, n: number) => boolean
  /** Told of each segment that is finished, also of one that is stored. */
  readonly onMade: (rung: number, n: number) => void
  readonly held: HeldBytes
  /** Whether what went in can be had again. */
  readonly canRepeat: boolean
}

/** Segments before its end at which the next chunk may start: while one's last frames are encoded the other begins. */
const NEAR_END_SEGMENTS = 2

/** Bytes that chunks hold until those before them are made: beyond this only the first one goes on. */
const HELD_BYTES = 256 << 20

/** How much all chunks hold together. */
export class HeldBytes {
  #bytes = 0

  get isFull(): boolean {
    return this.#bytes >= HELD_BYTES
  }

  add(bytes: number): void {
    this.#bytes += bytes
  }
}

interface Held {
  readonly rung: number
  readonly n: number
  readonly batch: SampleBatch
}

/**
 * Makes the segments of one chunk, with another encoder where the first one fails; none is given twice. What it makes is
 * held until it is brought forward, so that each rendition's segments come in order.
 */
export class ChunkTask {
  /** Settles when the chunk is made; rejects with what went wrong. */
  readonly done: Promise<void>
  /** Resolves when it is nearly made, or over. */
  readonly nearEnd: Promise<void>
  readonly #options: ChunkTaskOptions
  readonly #given: number[]
  readonly #held: Held[] = []
  readonly #forgetRoom: () => void
  readonly #onStart: ((process: FfmpegProcess) => void)[] = []
  #current: ChunkRun | undefined
  #isInFront = false
  /** Whether it was when its process was started. */
  #wasInFront = false
  #isEnded = false
  #isFed = true
  #tellNearEnd: () => void = () => {}
  /** Resolves when it is brought forward, or ended. */
  readonly #turn: Promise<void>
  #tellTurn: () => void = () => {}

  constructor(options: ChunkTaskOptions) {
    this.#options = options
    this.#given = options.ladder.options.renditions.map(() => options.chunk.first)
    this.#turn = new Promise(resolve => {
      this.#tellTurn = resolve
    })
    this.nearEnd = new Promise(resolve => {
      this.#tellNearEnd = resolve
    })
    this.#forgetRoom = options.queue.onRoom(() => this.balance())
    this.done = this.#make().finally(() => this.#tellNearEnd())
    this.done.catch(() => {})
  }

  /** Its segments are the next ones: gives those that it holds. */
  bringForward(): void {
    this.#isInFront = true
    this.#tellTurn()
    for (const { rung, n, batch } of this.#held.splice(0)) {
      this.#options.held.add(-bytesOf(batch))
      this.#give(rung, n, batch)
    }
    this.balance()
    if (this.#isEnded) this.#forgetRoom()
  }

  /** Backpressure: a full queue, or enough in hand, stops the process. */
  balance(): void {
    const { queue, held } = this.#options
    const isFull = this.#isInFront ? queue.isFull : held.isFull
    if (isFull) this.#current?.run.pause()
    else this.#current?.run.resume()
  }

  /** Of raw frames: its process, as soon as it runs. */
  started(): Promise<FfmpegProcess> {
    const process = this.#current?.run.process
    return process === undefined ? new Promise(resolve => this.#onStart.push(resolve)) : Promise.resolve(process)
  }

  /** Of raw frames: whether it has what it needs to get on. */
  set isFed(isFed: boolean) {
    this.#isFed = isFed
    if (this.#current !== undefined) this.#current.run.isAwaited = isFed
  }

  /** Ends it; always settles. */
  async end(): Promise<void> {
    this.#isEnded = true
    this.#tellTurn()
    this.#forgetRoom()
    for (const { batch } of this.#held.splice(0)) this.#options.held.add(-bytesOf(batch))
    await this.#current?.run.end()
    await this.done.catch(() => {})
  }

  async #make(): Promise<void> {
    for (let failures = 0; ; ) {
      const current = this.#start()
      try {
        await current.run.done
        break
      } catch (error) {
        if (this.#isEnded || !(error instanceof CuemuxError) || error.code !== 'ENCODER_FAILED') throw error
        if (!this.#options.canRepeat) throw error
        if (await this.#waitsForSession(current)) continue
        if (!(error instanceof LateStart)) failures++
        if (!this.#canGoOn(current, error, failures)) throw error
      } finally {
        current.over()
      }
    }
    this.#isEnded = true
    if (this.#isInFront) this.#forgetRoom()
  }

  /** A device with no session left for two chunks has one for this chunk once those before it are made. */
  async #waitsForSession({ run }: ChunkRun): Promise<boolean> {
    if (this.#wasInFront || run.process?.reason.kind !== 'session-limit') return false
    this.#options.ladder.hasFewSessions = true
    await this.#turn
    return true
  }

  /** Whether something else may work: a start from farther back, other encoders, or the same once more. */
  #canGoOn({ family, isLastResort, run, over }: ChunkRun, error: CuemuxError, failures: number): boolean {
    const { ladder } = this.#options
    if (error instanceof LateStart) return ladder.seekFarther()
    if (isLastResort) return failures < 2
    over()
    ladder.giveUpOn(family, run.process, error.message)
    return true
  }

  #start(): ChunkRun {
    const { ladder, chunk } = this.#options
    if (this.#isEnded) throw new CuemuxError('ABORTED', 'The ladder is closed.')
    this.#wasInFront = this.#isInFront
    const current = ladder.start(chunk, (rung, n, batch) => this.#take(rung, n, batch))
    this.#current = current
    current.run.isAwaited = this.#isFed
    void current.run.started.then(process => {
      for (const tell of this.#onStart.splice(0)) tell(process)
    })
    this.balance()
    return current
  }

  #take(rung: number, n: number, batch: SampleBatch): void {
    // An encoder before this one has made it.
    if (n < (this.#given[rung] ?? 0)) return
    this.#given[rung] = n + 1
    if (this.#isInFront) this.#give(rung, n, batch)
    else {
      this.#options.held.add(bytesOf(batch))
      this.#held.push({ rung, n, batch })
    }
    if (this.#given.every(next => next >= this.#options.chunk.end - NEAR_END_SEGMENTS)) this.#tellNearEnd()
    this.balance()
  }

  #give(rung: number, n: number, batch: SampleBatch): void {
    const { ladder, queue, isStored, onMade } = this.#options
    if (!isStored(rung, n)) queue.push(ladder.segment(rung, n, batch))
    onMade(rung, n)
  }
}

function bytesOf({ size }: SampleBatch): number {
  return size.reduce((sum, bytes) => sum + bytes, 0)
}
