import { NOWHERE } from './byte-runs.js'
import type { SampleTables } from './tables.js'

/** Longest duration that a table holds as one (see `durationOf`). */
const MAX_DURATION = 0x7fffffff

/** Big-endian 32-bit words, growing. */
class Words {
  length = 0
  #bytes = new Uint8Array(64)
  #view = new DataView(this.#bytes.buffer)

  push(value: number): void {
    if (this.length * 4 === this.#bytes.length) {
      const larger = new Uint8Array(this.#bytes.length * 2)
      larger.set(this.#bytes)
      this.#bytes = larger
      this.#view = new DataView(larger.buffer)
    }
    this.#view.setUint32(this.length++ * 4, value >>> 0)
  }

  at(word: number): number {
    return this.#view.getUint32(word * 4)
  }

  set(word: number, value: number): void {
    this.#view.setUint32(word * 4, value >>> 0)
  }

  toBytes(): Uint8Array {
    return this.#bytes.slice(0, this.length * 4)
  }
}

/** Pairs of a count and a value: a new pair only where the value changes. */
class Runs {
  readonly words = new Words()

  add(value: number, count: number): void {
    const { words } = this
    const last = words.length - 2
    if (last >= 0 && words.at(last + 1) === value >>> 0) words.set(last, words.at(last) + count)
    else {
      words.push(count)
      words.push(value)
    }
  }
}

/**
 * Writes the samples of fragments into sample tables as a moov has them, run-length coded, so that all that reads those
 * reads fragments too. Decode times in the tables start at 0: {@link base} is what lies before them.
 */
export class TableWriter {
  /** Samples so far. */
  count = 0
  /** Bytes of all samples. */
  bytes = 0
  /** Decode time of the first sample, media ticks. */
  base = 0
  /** Decode time at which the last sample's time is over, media ticks; 0 before the first. */
  end = 0
  /** Presentation time of the first sample and of the one presented last, media ticks. */
  firstPresented = 0
  lastPresented: number = Number.NEGATIVE_INFINITY
  readonly #times: Runs = new Runs()
  readonly #offsets = new Runs()
  readonly #sizes = new Words()
  readonly #sync = new Words()
  readonly #chunks = new Words()
  readonly #chunkRuns = new Words()
  #hasOffsets = false
  #lastTime = 0
  #lastDuration = 0
  /** Size of all samples so far, until one differs. */
  #constantSize = 0
  #isConstant = true
  /** Every sample so far is a sync sample. */
  #isAllSync = true
  #chunkStart = 0
  #chunkEnd = -1
  #chunkSamples = 0
  #description = 0
  /** Samples before the last one that share its decode time, where such are spread. */
  #coincident = 0
  readonly #spreads: boolean

  /**
   * @param spreads samples with the same decode time are spread over the time until the next: sound whose writer did
   *   not know their durations yet, as ffmpeg's `frag_every_frame`
   */
  constructor(spreads = false) {
    this.#spreads = spreads
  }

  /**
   * Adds samples that are alike and lie one after another.
   *
   * @param time decode time of the first, media ticks; the one before lasts until then
   * @param description number of their description, from 1
   */
  add(
    time: number,
    duration: number,
    offset: number,
    size: number,
    position: number,
    description: number,
    isSync: boolean,
    count = 1,
  ): void {
    if (this.count === 0) {
      this.base = time
      this.firstPresented = time + offset
      this.#lastTime = time
    } else {
      // Decode times never run backward: where a fragment begins before the last one ends, the last samples give way.
      const gap = Math.min(MAX_DURATION, Math.max(0, time - this.#lastTime))
      if (gap === 0 && this.#spreads) this.#coincident++
      else this.#closeTime(gap)
      this.#lastTime += gap
    }
    const written = time + offset - this.#lastTime
    if (written !== 0) this.#hasOffsets = true
    this.#offsets.add(written | 0, count)
    if (count > 1) {
      this.#times.add(duration, count - 1)
      this.#lastTime += duration * (count - 1)
    }
    this.#lastDuration = duration
    this.end = time + duration * count
    this.lastPresented = Math.max(this.lastPresented, this.end - duration + offset)
    this.#addSizes(size, count)
    const isPlace = position >= 0 && position < NOWHERE
    this.#addPlace(isPlace ? position : NOWHERE, size * count, description, count)
    this.#addSync(isSync, count)
    this.count += count
    this.bytes += size * count
  }

  /** The time until the next sample, shared with those that have the same decode time. */
  #closeTime(gap: number): void {
    const shares = this.#coincident + 1
    for (let i = 0; i < shares; i++) {
      this.#times.add(Math.floor((gap * (i + 1)) / shares) - Math.floor((gap * i) / shares), 1)
    }
    this.#coincident = 0
  }

  #addSizes(size: number, count: number): void {
    if (this.#isConstant) {
      if (this.count === 0) this.#constantSize = size
      if (size === this.#constantSize && size > 0) return
      this.#isConstant = false
      for (let i = 0; i < this.count; i++) this.#sizes.push(this.#constantSize)
    }
    for (let i = 0; i < count; i++) this.#sizes.push(size)
  }

  #addSync(isSync: boolean, count: number): void {
    if (this.#isAllSync) {
      if (isSync) return
      this.#isAllSync = false
      for (let i = 1; i <= this.count; i++) this.#sync.push(i)
    }
    if (isSync) for (let i = 1; i <= count; i++) this.#sync.push(this.count + i)
  }

  #addPlace(position: number, bytes: number, description: number, count: number): void {
    if (position !== this.#chunkEnd || description !== this.#description || this.#chunkSamples === 0) {
      this.#closeChunk()
      this.#chunkStart = position
      this.#chunkSamples = 0
      this.#description = description
    }
    this.#chunkSamples += count
    this.#chunkEnd = position + bytes
  }

  #closeChunk(): void {
    if (this.#chunkSamples === 0) return
    const runs = this.#chunkRuns
    const last = runs.length - 3
    this.#chunks.push(Math.floor(this.#chunkStart / 4294967296))
    this.#chunks.push(this.#chunkStart % 4294967296)
    if (last >= 0 && runs.at(last + 1) === this.#chunkSamples && runs.at(last + 2) === this.#description) return
    runs.push(this.#chunks.length / 2)
    runs.push(this.#chunkSamples)
    runs.push(this.#description)
  }

  /** The tables of all samples so far; nothing can be added afterwards. */
  finish(): SampleTables {
    this.#closeChunk()
    if (this.count > 0) this.#closeTime(Math.min(MAX_DURATION, this.#lastDuration * (this.#coincident + 1)))
    return {
      stts: this.#times.words.toBytes(),
      ctts: this.#hasOffsets ? this.#offsets.words.toBytes() : new Uint8Array(0),
      stsc: this.#chunkRuns.toBytes(),
      stsz: this.#isConstant ? new Uint8Array(0) : this.#sizes.toBytes(),
      sizeBits: 32,
      constantSize: this.#isConstant ? this.#constantSize : 0,
      sizeCount: this.count,
      chunks: this.#chunks.toBytes(),
      chunkBits: 64,
      stss: this.#isAllSync ? undefined : this.#sync.toBytes(),
    }
  }
}
