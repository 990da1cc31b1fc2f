/** Frame flag: the block says that decoding can start here. */
export const FRAME_KEY: number = 1

const INITIAL = 128

/** Frames of one track in the order of the file, as columns that grow. */
export class FrameColumns {
  count = 0
  /** Timestamp of the block, container ticks. */
  ticks: Float64Array = new Float64Array(INITIAL)
  /** Offset of the block's element in the source, bytes. */
  position: Float64Array = new Float64Array(INITIAL)
  /** BlockDuration divided by the frames of the lace, container ticks; -1 where there is none. */
  duration: Float64Array = new Float64Array(INITIAL)
  /** Number of the frame in its lace. */
  lace: Uint8Array = new Uint8Array(INITIAL)
  /** {@link FRAME_KEY} or 0. */
  flags: Uint8Array = new Uint8Array(INITIAL)
  /** The frame's bytes: views into what was read; empty where only times were asked for. */
  readonly data: Uint8Array[] = []
  /** DiscardPadding of the frame that came last, nanoseconds. */
  discardNs = 0
  /** BlockAdditional of BlockAddID 1 by row, of the frames that have one. */
  additions: Map<number, Uint8Array> | undefined

  add(ticks: number, position: number, duration: number, lace: number, flags: number, data: Uint8Array): void {
    const row = this.count
    if (row === this.ticks.length) this.#grow()
    this.ticks[row] = ticks
    this.position[row] = position
    this.duration[row] = duration
    this.lace[row] = lace
    this.flags[row] = flags
    this.data.push(data)
    this.discardNs = 0
    this.count = row + 1
  }

  /** Puts what a block carries beside its frames to the frame that came last. */
  addAddition(bytes: Uint8Array): void {
    this.additions ??= new Map()
    this.additions.set(this.count - 1, bytes)
  }

  /** Forgets all frames. */
  clear(): void {
    this.count = 0
    this.data.length = 0
    this.discardNs = 0
    this.additions = undefined
  }

  #grow(): void {
    const length = this.ticks.length * 2
    this.ticks = enlarge(this.ticks, new Float64Array(length))
    this.position = enlarge(this.position, new Float64Array(length))
    this.duration = enlarge(this.duration, new Float64Array(length))
    this.lace = enlarge(this.lace, new Uint8Array(length))
    this.flags = enlarge(this.flags, new Uint8Array(length))
  }
}

function enlarge<T extends Float64Array | Uint8Array>(from: T, into: T): T {
  into.set(from)
  return into
}
