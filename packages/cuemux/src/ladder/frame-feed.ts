import { type AudioTrack, rescale, toCuemuxError } from '@cuemux/core'
import type { ChunkTask } from './chunk-task.js'
import type { FrameInput, PushedFrame } from './frame-input.js'
import type { PcmInput } from './pcm-input.js'
import type { Chunk } from './video-ladder.js'

/** What a feed of pushed frames is made of. */
export interface FrameFeedOptions {
  readonly input: FrameInput
  readonly pcm: PcmInput | undefined
  readonly framesPerSegment: number
  readonly timescale: number
  readonly frameDuration: number
  /** From the pictures' clock to the sound's, ticks of the sound. */
  readonly soundZero: (track: AudioTrack) => number
}

/** Writes pushed frames to the chunks' processes, as many to each as it needs. */
export class FrameFeed {
  readonly input: FrameInput
  readonly #options: FrameFeedOptions
  #firstSegment = 0
  #peeked: PushedFrame | undefined
  /** Frames that the chunks have got, counted from the film's first one. */
  #taken = 0
  #hasEnded = false

  constructor(options: FrameFeedOptions) {
    this.#options = options
    this.input = options.input
  }

  /** Segment with which the pushed frames begin. */
  get firstSegment(): number {
    return this.#firstSegment
  }

  /** The film's first frame that has to be pushed. */
  get firstFrame(): number {
    return this.#firstSegment * this.#options.framesPerSegment
  }

  /** The pushed frames begin with this segment. */
  startAt(segment: number): void {
    this.#firstSegment = segment
    this.#taken = this.firstFrame
    this.#options.pcm?.startAt(this.firstSample())
  }

  /** The first sample of pushed sound. */
  firstSample(): number {
    return this.#options.pcm?.firstSample(this.#seconds(this.firstFrame)) ?? 0
  }

  /** Where the pictures that were pushed end, s. */
  get picturesS(): number {
    return this.#seconds(this.firstFrame + this.input.pushed)
  }

  /** Segments of the film; infinite as long as frames come. */
  get segmentCount(): number {
    return this.#hasEnded ? Math.ceil(this.#taken / this.#options.framesPerSegment) : Number.POSITIVE_INFINITY
  }

  /** Where the sound of a track ends, as the pictures do, ticks of the track. */
  soundEnd(track: AudioTrack): number {
    if (!this.#hasEnded) return Number.POSITIVE_INFINITY
    const { timescale, frameDuration, soundZero } = this.#options
    return rescale(this.#taken * frameDuration, timescale, track.timescale) + soundZero(track)
  }

  /** Sound of segments before this one has been encoded. */
  forgetSound(segment: number): void {
    this.#options.pcm?.forgetBefore(this.#seconds(segment * this.#options.framesPerSegment))
  }

  /** Waits for the next frame; `false` where none comes any more. */
  async hasFrame(): Promise<boolean> {
    this.#peeked ??= await this.input.take()
    if (this.#peeked === undefined) this.#hasEnded = true
    return this.#peeked !== undefined
  }

  /** Takes the frames of a chunk that is stored. */
  async drop(chunk: Chunk): Promise<void> {
    for (let left = this.#frames(chunk); left > 0 && (await this.hasFrame()); left--) this.#take()?.settle()
  }

  /** Writes the frames of a chunk to its process. */
  async write(chunk: Chunk, task: ChunkTask): Promise<void> {
    task.isFed = false
    const process = await Promise.race([task.started(), task.done.then(() => undefined)])
    if (process === undefined) return
    const { stdin } = process
    for (let left = this.#frames(chunk); left > 0 && (await this.hasFrame()); left--) {
      const frame = this.#take()
      if (frame === undefined) break
      task.isFed = true
      const written = new Promise<void>((resolve, reject) => {
        stdin.write(frame.bytes, error => (error ? reject(error) : resolve()))
      })
      try {
        await written
      } catch {
        // Why its process doesn't read any more is told by the task.
        const failure = await task.done.then(
          () => undefined,
          error => toCuemuxError(error, 'ENCODER_FAILED'),
        )
        frame.settle(failure)
        return
      }
      frame.settle()
      task.isFed = false
    }
    task.isFed = true
    stdin.end()
  }

  #take(): PushedFrame | undefined {
    const frame = this.#peeked
    this.#peeked = undefined
    this.#taken++
    return frame
  }

  #frames({ first, end }: Chunk): number {
    return (end - first) * this.#options.framesPerSegment
  }

  #seconds(frames: number): number {
    return (frames * this.#options.frameDuration) / this.#options.timescale
  }
}
