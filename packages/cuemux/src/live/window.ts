import type { MediaPlaylist, PlaylistPart, PlaylistSegment, SegmentTags } from '@cuemux/playlist'

/** A part of a segment, by its name. */
export interface WindowPart {
  readonly name: string
  readonly durationUs: number
  readonly isIndependent: boolean
}

/** A segment of the stream. */
export interface WindowSegment {
  readonly number: number
  readonly name: string
  readonly durationUs: number
  readonly byteLength: number
  /** Its timeline or its description is another than that of the one before. */
  readonly isDiscontinuity: boolean
  /** Name of its init segment. */
  readonly init: string
  /** When its first picture was taken, ms since 1970. */
  readonly dateMs: number
  /** Its parts, as long as players may ask for them. */
  readonly parts: readonly WindowPart[]
}

/** What of a segment that isn't complete is known. */
export type OpenSegment = Omit<WindowSegment, 'durationUs' | 'byteLength'>

/** How much a {@link LiveWindow} holds. */
export interface WindowOptions {
  /** `sliding`: the last `windowUs`; `event`: everything. */
  readonly kind: 'sliding' | 'event'
  readonly windowUs: number
  /** Of all segments that can be asked for; the oldest go where it is more. */
  readonly maxBytes: number
  /** Longest part, µs; `undefined` without low latency. */
  readonly partUs: number | undefined
}

/** Segments that are listed at least, whatever the window: a player holds back three. */
const LEAST_SEGMENTS = 3
/** RFC 8216bis §6.2.5.1: how far back, in target durations, a delta update may leave segments out at most. */
const SKIP_TARGETS = 6
/** RFC 8216bis §4.4.4.9: parts further from the end than this, in target durations, are left out. */
const PART_TARGETS = 3
/** RFC 8216bis §4.4.3.8: PART-HOLD-BACK is at least twice, better three times, the part target. */
const HOLD_BACK_PARTS = 3

/**
 * The playlist of a live stream as it slides: which segments are listed, which are only kept for those who have an older
 * playlist, and the sequence numbers.
 */
export class LiveWindow {
  /** EXT-X-TARGETDURATION, s: set once, with the first segment. */
  targetDuration: number | undefined
  isEnded = false
  readonly #options: WindowOptions
  readonly #segments: WindowSegment[] = []
  /** Delisted ones, which stay for as long as an older playlist may name them (RFC 8216bis §6.2.2). */
  readonly #leaving: WindowSegment[] = []
  #open: OpenSegment | undefined
  #discontinuitySequence = 0
  #bytes = 0

  constructor(options: WindowOptions) {
    this.#options = options
  }

  /** Those that are listed, oldest first. */
  get segments(): readonly WindowSegment[] {
    return this.#segments
  }

  /** The segment that is not complete, with the parts that are there. */
  get open(): OpenSegment | undefined {
    return this.#open
  }

  /** Number of the next segment to be complete. */
  get nextNumber(): number {
    return this.#open?.number ?? (this.#segments.at(-1)?.number ?? -1) + 1
  }

  /** Bytes of all segments that can be asked for. */
  get byteLength(): number {
    return this.#bytes
  }

  /** Length of what is listed, µs. */
  get durationUs(): number {
    return this.#segments.reduce((sum, { durationUs }) => sum + durationUs, 0)
  }

  /** Whether this segment, or this part of it, is in the playlist (RFC 8216bis §6.2.5.2). */
  has(number: number, part: number | undefined): boolean {
    const last = this.#segments.at(-1)?.number ?? -1
    if (number <= last) return true
    const open = this.#open
    if (part === undefined || open === undefined || number > open.number) return false
    return part < open.parts.length
  }

  /** Shows the segment that is being made, with its parts so far. */
  show(open: OpenSegment): void {
    this.#open = open
  }

  /** Lists a complete segment. Returns those whose time is over: nobody can ask for them any longer. */
  add(segment: WindowSegment): readonly WindowSegment[] {
    this.#open = undefined
    this.#segments.push(segment)
    this.#bytes += segment.byteLength
    const gone: WindowSegment[] = []
    if (this.#options.kind === 'sliding') this.#slide()
    const keptUs = this.durationUs
    let leavingUs = this.#leaving.reduce((sum, { durationUs }) => sum + durationUs, 0)
    for (;;) {
      const [oldest] = this.#leaving
      if (oldest === undefined) break
      leavingUs -= oldest.durationUs
      if (leavingUs < keptUs + oldest.durationUs && this.#bytes <= this.#options.maxBytes) break
      this.#leaving.shift()
      this.#bytes -= oldest.byteLength
      gone.push(oldest)
    }
    return gone
  }

  #slide(): void {
    const { windowUs, maxBytes } = this.#options
    let lengthUs = this.durationUs
    let listedBytes = this.#segments.reduce((sum, { byteLength }) => sum + byteLength, 0)
    while (this.#segments.length > LEAST_SEGMENTS) {
      const [oldest] = this.#segments
      if (oldest === undefined) break
      if (lengthUs - oldest.durationUs < windowUs && listedBytes <= maxBytes) break
      this.#segments.shift()
      this.#leaving.push(oldest)
      lengthUs -= oldest.durationUs
      listedBytes -= oldest.byteLength
      // EXT-X-DISCONTINUITY went with it (RFC 8216bis §6.2.2).
      if (oldest.isDiscontinuity) this.#discontinuitySequence++
    }
  }

  /** Whether an init segment is still needed. */
  usesInit(name: string): boolean {
    const uses = ({ init }: { readonly init: string }): boolean => init === name
    return this.#segments.some(uses) || this.#leaving.some(uses) || (this.#open !== undefined && uses(this.#open))
  }

  /**
   * The playlist now; before the first segment it lists nothing.
   *
   * @param options `hint`: name of the part that will be there next; `isPlain`: without parts, for a server that waits for
   *   nothing
   */
  playlist(
    options: { readonly hint?: string | undefined; readonly isDelta?: boolean; readonly isPlain?: boolean } = {},
  ): MediaPlaylist {
    const { kind } = this.#options
    const { hint, isDelta = false, isPlain = false } = options
    const partUs = isPlain ? undefined : this.#options.partUs
    const targetDuration = this.targetDuration ?? 1
    const targetUs = targetDuration * 1_000_000
    const skipped = isDelta ? this.#skippable(targetUs) : 0
    const listed = this.#segments.slice(skipped)
    const partsFrom = this.#firstWithin(PART_TARGETS * targetUs)
    const segments = listed.map((segment, i) => {
      const showsParts = partUs !== undefined && skipped + i >= partsFrom
      const before = this.#segments[skipped + i - 1]
      const { name, durationUs } = segment
      return { uri: name, durationUs, ...tagsOf(segment, before, showsParts) } satisfies PlaylistSegment
    })
    const open = partUs === undefined ? undefined : this.#open
    return {
      targetDuration,
      segments,
      mediaSequence: this.#segments[0]?.number ?? this.nextNumber,
      discontinuitySequence: this.#discontinuitySequence,
      ...(kind === 'event' ? { type: 'EVENT' as const } : {}),
      ...(partUs === undefined ? {} : lowLatency(partUs, targetUs)),
      ...(skipped === 0 ? {} : { skip: { skippedSegments: skipped } }),
      ...(open === undefined ? {} : { next: tagsOf(open, this.#segments.at(-1), true) }),
      ...(hint === undefined || this.isEnded ? {} : { preloadHints: [{ type: 'PART' as const, uri: hint }] }),
      isEnded: this.isEnded,
    }
  }

  /** Index of the first segment that lies within this time of the end, as a whole. */
  #firstWithin(us: number): number {
    let restUs = (this.#open?.parts ?? []).reduce((sum, { durationUs }) => sum + durationUs, 0)
    for (let i = this.#segments.length - 1; i >= 0; i--) {
      restUs += this.#segments[i]?.durationUs ?? 0
      if (restUs > us) return i + 1
    }
    return 0
  }

  #skippable(targetUs: number): number {
    // All that lies before the boundary; a discontinuity's tag would be lost on a player that hasn't seen it: it has.
    return this.#firstWithin(SKIP_TARGETS * targetUs)
  }
}

function tagsOf(segment: OpenSegment, before: OpenSegment | undefined, showsParts: boolean): SegmentTags {
  const parts = segment.parts.map(
    ({ name, durationUs, isIndependent }): PlaylistPart => ({ uri: name, durationUs, isIndependent }),
  )
  return {
    isDiscontinuity: segment.isDiscontinuity,
    ...(segment.init === before?.init ? {} : { map: { uri: segment.init } }),
    programDateTimeMs: segment.dateMs,
    ...(showsParts && parts.length > 0 ? { parts } : {}),
  }
}

function lowLatency(partUs: number, targetUs: number): Pick<MediaPlaylist, 'partTargetUs' | 'serverControl'> {
  const serverControl = {
    canBlockReload: true,
    canSkipUntilUs: SKIP_TARGETS * targetUs,
    partHoldBackUs: HOLD_BACK_PARTS * partUs,
  }
  return { partTargetUs: partUs, serverControl }
}
