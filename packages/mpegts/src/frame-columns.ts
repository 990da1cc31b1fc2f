const INITIAL = 64

/** Frame flag: decoding can start here. */
export const FRAME_KEY: number = 1

/** Frames of one stream in the order in which they are sent, as columns that grow. */
export class FrameColumns {
  count = 0
  /** Row of the PES packet whose time stamp counts for the frame; -1 where none came before it. */
  row: Int32Array = new Int32Array(INITIAL)
  /** What is to be added to that time stamp, ticks of the track. */
  after: Float64Array = new Float64Array(INITIAL)
  /** Length of the frame, ticks of the track; 0 for a picture. */
  ticks: Int32Array = new Int32Array(INITIAL)
  /** Where the frame begins and ends in the stream's bytes. */
  start: Float64Array = new Float64Array(INITIAL)
  end: Float64Array = new Float64Array(INITIAL)
  /** {@link FRAME_KEY} or 0. */
  flags: Uint8Array = new Uint8Array(INITIAL)

  add(row: number, after: number, ticks: number, start: number, end: number, flags: number): void {
    const i = this.count
    if (i === this.row.length) this.#grow()
    this.row[i] = row
    this.after[i] = after
    this.ticks[i] = ticks
    this.start[i] = start
    this.end[i] = end
    this.flags[i] = flags
    this.count = i + 1
  }

  #grow(): void {
    const length = this.row.length * 2
    this.row = enlarged(this.row, new Int32Array(length))
    this.after = enlarged(this.after, new Float64Array(length))
    this.ticks = enlarged(this.ticks, new Int32Array(length))
    this.start = enlarged(this.start, new Float64Array(length))
    this.end = enlarged(this.end, new Float64Array(length))
    this.flags = enlarged(this.flags, new Uint8Array(length))
  }
}

function enlarged<T extends Float64Array | Int32Array | Uint8Array>(from: T, into: T): T {
  into.set(from)
  return into
}
