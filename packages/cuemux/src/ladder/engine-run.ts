import { CuemuxError, toCuemuxError } from '@cuemux/core'
import type { AudioLadder } from './audio-ladder.js'
import { ChunkTask, HeldBytes } from './chunk-task.js'
import type { FrameFeed } from './frame-feed.js'
import type { LadderGrid } from './ladder-grid.js'
import type { LadderSegment } from './model.js'
import { SegmentQueue } from './segment-queue.js'
import type { Chunk, VideoLadder } from './video-ladder.js'

/** What a run over the film is made of. */
export interface EngineRunOptions {
  readonly grid: LadderGrid
  readonly chunkSegments: number
  /** Chunks of a film that are encoded at once. */
  readonly parallelChunks: number
  readonly video: VideoLadder | undefined
  readonly audio: readonly AudioLadder[]
  /** Where the pictures come from, where they are pushed. */
  readonly feed: FrameFeed | undefined
  readonly isStored: (rendition: string, n: number) => boolean
}

/** Segments of each rendition that wait to be taken. */
const QUEUED_SEGMENTS = 2
/** Chunks that may be made and wait for those before them, or for the one who takes segments. */
const CHUNKS_AHEAD = 2
/** Segments by which the sound may be ahead of the pictures of a film. */
const SOUND_AHEAD = 1

/** One pass over a film: starts what makes segments, and keeps them in step. */
export class EngineRun {
  readonly queue: SegmentQueue
  readonly #options: EngineRunOptions
  readonly #abort = new AbortController()
  readonly #tasks = new Set<ChunkTask>()
  readonly #held = new HeldBytes()
  /** The next segment of each rung, and of each rendition of sound. */
  readonly #videoNext: number[]
  readonly #audioNext: number[]
  /** Chunks that are begun and not given away. */
  #ahead = 0
  #videoIsDone: boolean
  #waiting: (() => void)[] = []
  #living: Promise<void> = Promise.resolve()

  constructor(options: EngineRunOptions) {
    this.#options = options
    const { video, audio } = options
    this.#videoNext = video?.options.renditions.map(() => options.grid.firstPicture) ?? []
    this.#audioNext = audio.map(() => 0)
    this.#videoIsDone = video === undefined
    this.queue = new SegmentQueue(QUEUED_SEGMENTS * (this.#videoNext.length + audio.length))
  }

  /** Segments that all rungs have, or all sound where there is no picture. */
  get position(): number {
    return Math.min(...(this.#videoNext.length > 0 ? this.#videoNext : this.#audioNext))
  }

  /** Starts all; the queue says when they are done. */
  start(): void {
    const { audio, feed } = this.#options
    if (feed !== undefined) this.#passed(feed.firstSegment)
    const parts = [this.#makeVideo(), ...audio.map((ladder, i) => this.#makeAudio(ladder, i))]
    for (const part of parts) {
      // The first failure ends all others.
      part.catch(error => this.#fail(toCuemuxError(error, 'ENCODER_FAILED')))
    }
    this.#living = Promise.allSettled(parts).then(() => this.queue.end())
  }

  /** Ends all; always settles. */
  async close(): Promise<void> {
    this.#fail(new CuemuxError('ABORTED', 'The ladder is closed.'))
    await Promise.all(Array.from(this.#tasks, task => task.end()))
    await this.#living
  }

  #fail(error: CuemuxError): void {
    this.queue.end(error)
    this.#options.feed?.input.fail(error)
    this.#abort.abort()
    for (const task of this.#tasks) void task.end()
    void Promise.all(this.#options.audio.map(ladder => ladder.close()))
    this.#tell()
  }

  /** The chunk that starts with a segment. */
  chunkAt(first: number): Chunk {
    const { grid, chunkSegments } = this.#options
    const end = Math.min(first + chunkSegments, grid.times.length)
    return { first, end, isLast: end === grid.times.length }
  }

  /** Whether nothing of a chunk's pictures is to be made. */
  isChunkStored({ first, end }: Chunk): boolean {
    for (let n = first; n < end; n++) {
      for (let rung = 0; rung < this.#videoNext.length; rung++) if (!this.#isStored(rung, n)) return false
    }
    return true
  }

  /** Where pushed frames have to begin: the first chunk of which something is missing in any rendition. */
  firstMissingChunk(): number {
    const { grid, chunkSegments, isStored, audio } = this.#options
    for (let first = 0; first < grid.times.length; first += chunkSegments) {
      const chunk = this.chunkAt(first)
      const isComplete = audio.every(({ rendition }) => {
        for (let n = first; n < chunk.end; n++) if (!isStored(rendition.name, n)) return false
        return true
      })
      if (!isComplete || !this.isChunkStored(chunk)) return first
    }
    return 0
  }

  #isStored(rung: number, n: number): boolean {
    const name = this.#options.video?.options.renditions[rung]?.rendition.name
    return name !== undefined && this.#options.isStored(name, n)
  }

  async #makeVideo(): Promise<void> {
    const { video, feed } = this.#options
    if (video === undefined) return
    if (feed === undefined) await this.#makeFilm(video)
    else await this.#makeFrames(video, feed)
    this.#videoIsDone = true
    this.#tell()
  }

  /** Several chunks at once; each is brought forward when the one before it is made. */
  async #makeFilm(video: VideoLadder): Promise<void> {
    const { grid, chunkSegments, parallelChunks } = this.#options
    let before: Promise<void> = Promise.resolve()
    let busy = 0
    for (let first = grid.firstPicture; first < grid.times.length; first += chunkSegments) {
      const chunk = this.chunkAt(first)
      if (this.isChunkStored(chunk)) continue
      // A chunk's last frames keep no processor busy: the next one starts by then.
      const slots = (): number => video.deviceChunks ?? parallelChunks
      while (busy >= slots() || this.#ahead >= slots() + CHUNKS_AHEAD || this.#held.isFull) await this.#change()
      const task = this.#task(video, chunk, true)
      busy++
      void task.nearEnd.then(() => {
        busy--
        this.#tell()
      })
      before = this.#follow(before, task, chunk)
    }
    await before
    this.#passed(grid.times.length)
  }

  /** Brings a chunk forward when those before it are made; settles when it is made. */
  #follow(before: Promise<void>, task: ChunkTask, chunk: Chunk): Promise<void> {
    const made = before.then(async () => {
      await this.queue.room()
      this.#passed(chunk.first)
      task.bringForward()
      for (const other of this.#tasks) other.balance()
      await task.done
      this.#ahead--
      this.#tell()
    })
    this.#ahead++
    made.catch(error => this.#fail(toCuemuxError(error, 'ENCODER_FAILED')))
    return made
  }

  /** As the frames come: a chunk's process is started when its first frame is there. */
  async #makeFrames(video: VideoLadder, feed: FrameFeed): Promise<void> {
    let before: Promise<void> = Promise.resolve()
    for (let first = feed.firstSegment; await feed.hasFrame(); first += this.#options.chunkSegments) {
      const chunk = { ...this.chunkAt(first), isLast: false }
      if (this.isChunkStored(chunk)) {
        await feed.drop(chunk)
        continue
      }
      const task = this.#task(video, chunk, false)
      const previous = before
      before = this.#follow(previous, task, chunk)
      await feed.write(chunk, task)
      // The last frames of the chunk before are encoded by now, or nearly.
      await previous
    }
    await before
    this.#passed(feed.segmentCount)
  }

  #task(ladder: VideoLadder, chunk: Chunk, canRepeat: boolean): ChunkTask {
    if (this.#abort.signal.aborted) throw new CuemuxError('ABORTED', 'The ladder is closed.')
    const task = new ChunkTask({
      ...{ ladder, chunk, canRepeat, queue: this.queue, held: this.#held },
      isStored: (rung, n) => this.#isStored(rung, n),
      onMade: (rung, n) => this.#advance(this.#videoNext, rung, n),
    })
    this.#tasks.add(task)
    const forget = (): void => void this.#tasks.delete(task)
    void task.done.then(forget, forget)
    return task
  }

  /** All pictures before this segment are made, or stored, or aren't there. */
  #passed(segment: number): void {
    for (let rung = 0; rung < this.#videoNext.length; rung++) this.#advance(this.#videoNext, rung, segment - 1)
  }

  #makeAudio(ladder: AudioLadder, i: number): Promise<void> {
    const { isStored, feed } = this.#options
    const give = (n: number, segment: LadderSegment | undefined): void => {
      if (segment !== undefined) this.queue.push(segment)
      this.#advance(this.#audioNext, i, n)
      feed?.forgetSound(Math.min(...this.#audioNext))
    }
    return ladder.makeAll(
      n => isStored(ladder.rendition.name, n),
      n => this.#admitSound(n),
      () => feed?.soundEnd(ladder.track) ?? Number.POSITIVE_INFINITY,
      give,
      this.#abort.signal,
    )
  }

  /** Sound waits for its pictures; of pushed frames only the last one tells how long the sound is. */
  async #admitSound(n: number): Promise<boolean> {
    const { feed } = this.#options
    const ahead = feed === undefined ? SOUND_AHEAD : -1
    while (!this.#videoIsDone && !this.#abort.signal.aborted && n > Math.min(...this.#videoNext) + ahead) {
      await this.#change()
    }
    await this.queue.room()
    if (this.#abort.signal.aborted) return false
    return feed === undefined || n < feed.segmentCount
  }

  /** Resolves when something has been made, or all ends. */
  async #change(): Promise<void> {
    if (this.#abort.signal.aborted) throw new CuemuxError('ABORTED', 'The ladder is closed.')
    await new Promise<void>(resolve => this.#waiting.push(resolve))
  }

  #advance(next: number[], i: number, n: number): void {
    next[i] = Math.max(next[i] ?? 0, n + 1)
    this.#tell()
  }

  #tell(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}
