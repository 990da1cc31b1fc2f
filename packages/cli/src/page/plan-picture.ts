import type { PlanReport } from 'cuemux'
import { formatBitrate, formatBytes, formatDuration } from '../format.js'
import { element } from './dom.js'

const SVG = 'http://www.w3.org/2000/svg'
/** Heights of the picture's parts in px, from the top. */
const RATE_HEIGHT = 150
const SEGMENTS_TOP = 158
const KEYFRAMES_TOP = 176
const HEIGHT = 200

/** A segment with what its bytes mean. */
type Segment = PlanReport['segments'][number]

/** What the picture tells. */
export interface PlanListener {
  /** The viewer wants to play from here, s. */
  onChoose(seconds: number): void
}

/**
 * A film's plan as a picture: bit rate over time, and below it the segments and the keyframes. Each kind is one path,
 * so that a film of thousands of segments is as light as a short one.
 */
export class PlanPicture {
  readonly root: HTMLElement = element('div', 'plan-picture')
  readonly #svg = make('svg')
  readonly #readout: HTMLElement
  readonly #plan: PlanReport
  readonly #durationMs: number
  readonly #peakBps: number
  readonly #now = make('line', { class: 'plan-now', y1: 0, y2: HEIGHT })
  readonly #cursor = make('rect', { class: 'plan-cursor', y: 0, height: HEIGHT, visibility: 'hidden' })
  readonly #loaded = make('path', { class: 'plan-loaded' })
  #width = 0
  /** Index of the segment that is looked at. */
  #looked = 0

  constructor(plan: PlanReport, readout: HTMLElement, listener: PlanListener) {
    this.#plan = plan
    this.#readout = readout
    this.#durationMs = Math.max(1, plan.durationMs)
    this.#peakBps = plan.segments.reduce((peak, segment) => Math.max(peak, rateOf(segment)), 1)
    this.root.tabIndex = 0
    this.root.setAttribute('role', 'slider')
    this.root.setAttribute('aria-label', 'Segments of the film')
    this.root.setAttribute('aria-valuemin', '0')
    this.root.setAttribute('aria-valuemax', String(Math.max(0, plan.segments.length - 1)))
    this.root.append(this.#svg)
    const timeAt = (event: MouseEvent): number => {
      const { left, width } = this.root.getBoundingClientRect()
      return (Math.min(1, Math.max(0, (event.clientX - left) / width)) * this.#durationMs) / 1000
    }
    this.root.addEventListener('click', event => listener.onChoose(timeAt(event)))
    this.root.addEventListener('pointermove', event => this.#look(this.#indexAt(1000 * timeAt(event))))
    this.root.addEventListener('keydown', event => this.#onKey(event, listener))
    new ResizeObserver(() => this.#draw()).observe(this.root)
    this.#look(0)
  }

  /** Marks where the film is, s. */
  showNow(seconds: number): void {
    const x = this.#x(1000 * seconds).toFixed(1)
    this.#now.setAttribute('x1', x)
    this.#now.setAttribute('x2', x)
  }

  /** Marks the segments that were fetched, by their numbers. */
  showLoaded(numbers: ReadonlySet<number>): void {
    const parts = this.#plan.segments.filter(({ n }) => numbers.has(n))
    this.#loaded.setAttribute('d', parts.map(part => this.#block(part, SEGMENTS_TOP, 10)).join(''))
  }

  #x(ms: number): number {
    return (this.#width * ms) / this.#durationMs
  }

  #block({ startMs, durationMs }: Segment, top: number, height: number): string {
    const from = this.#x(startMs)
    // A gap of a pixel parts them as long as there is room for it.
    const width = Math.max(0.5, this.#x(durationMs) - (this.#x(durationMs) > 3 ? 1 : 0))
    return `M${from.toFixed(1)} ${top}h${width.toFixed(1)}v${height}h${(-width).toFixed(1)}z`
  }

  #draw(): void {
    const width = Math.round(this.root.clientWidth)
    if (width === 0 || width === this.#width) return
    this.#width = width
    this.#svg.setAttribute('viewBox', `0 0 ${width} ${HEIGHT}`)
    this.#svg.setAttribute('aria-hidden', 'true')
    const { segments, keyframesMs } = this.#plan
    const area = segments.map(segment => {
      const top = RATE_HEIGHT * (1 - rateOf(segment) / this.#peakBps)
      return `L${this.#x(segment.startMs).toFixed(1)} ${top.toFixed(1)}H${this.#x(segment.startMs + segment.durationMs).toFixed(1)}`
    })
    const blocks = segments.map(segment => this.#block(segment, SEGMENTS_TOP, 10))
    const ticks = keyframesMs.map(ms => `M${this.#x(ms).toFixed(1)} ${KEYFRAMES_TOP}v12`)
    this.#svg.replaceChildren(
      make('path', { class: 'plan-rate', d: `M0 ${RATE_HEIGHT}${area.join('')}L${width} ${RATE_HEIGHT}z` }),
      make('path', { class: 'plan-segments', d: blocks.join('') }),
      this.#loaded,
      make('path', { class: 'plan-keyframes', d: ticks.join('') }),
      ...this.#grid(width),
      this.#cursor,
      this.#now,
    )
    this.#look(this.#looked)
  }

  /** Lines at half the highest bit rate and at the highest. */
  #grid(width: number): SVGElement[] {
    return [1, 0.5].flatMap(share => {
      const y = RATE_HEIGHT * (1 - share) + 0.5
      const label = make('text', { class: 'plan-label', x: 4, y: y + 12 })
      label.textContent = formatBitrate(share * this.#peakBps)
      return [make('line', { class: 'plan-grid', x1: 0, x2: width, y1: y, y2: y }), label]
    })
  }

  #indexAt(ms: number): number {
    return Math.max(
      0,
      this.#plan.segments.findLastIndex(({ startMs }) => startMs <= ms),
    )
  }

  #look(index: number): void {
    const segment = this.#plan.segments[index]
    if (segment === undefined) return
    this.#looked = index
    const { n, startMs, durationMs, bytes } = segment
    this.#cursor.setAttribute('x', this.#x(startMs).toFixed(1))
    this.#cursor.setAttribute('width', Math.max(1, this.#x(durationMs)).toFixed(1))
    this.#cursor.setAttribute('visibility', 'visible')
    const keyframes = this.#plan.keyframesMs.filter(ms => ms >= startMs - 0.5 && ms < startMs + durationMs - 0.5).length
    const words = [
      `Segment ${n}`,
      `${formatDuration(startMs)}–${formatDuration(startMs + durationMs)}`,
      formatBytes(bytes),
      formatBitrate(rateOf(segment)),
      `${keyframes} keyframe${keyframes === 1 ? '' : 's'}`,
    ].join(' · ')
    this.#readout.textContent = words
    this.root.setAttribute('aria-valuenow', String(index))
    this.root.setAttribute('aria-valuetext', words)
  }

  #onKey(event: KeyboardEvent, listener: PlanListener): void {
    const last = this.#plan.segments.length - 1
    const to: Readonly<Record<string, number>> = {
      ArrowLeft: Math.max(0, this.#looked - 1),
      ArrowRight: Math.min(last, this.#looked + 1),
      Home: 0,
      End: last,
    }
    const index = to[event.key]
    if (index !== undefined) this.#look(index)
    else if (event.key === 'Enter') listener.onChoose((this.#plan.segments[this.#looked]?.startMs ?? 0) / 1000)
    else return
    event.preventDefault()
  }
}

/** The bit rate of a segment's source bytes. */
function rateOf({ bytes, durationMs }: Segment): number {
  return durationMs > 0 ? (8000 * bytes) / durationMs : 0
}

/** The plan in figures: how many segments, how long, how far apart the keyframes are. */
export function planFacts({ segments, keyframesMs, durationMs, renditions }: PlanReport): [string, string][] {
  const lengths = segments.map(segment => segment.durationMs)
  const gaps = keyframesMs.slice(1).map((ms, i) => ms - (keyframesMs[i] ?? 0))
  const bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0)
  return [
    ['Segments', `${segments.length}`],
    ['Their length', spread(lengths)],
    ['Keyframes', `${keyframesMs.length}`],
    ['Between them', spread(gaps)],
    ['Bit rate', durationMs > 0 ? formatBitrate((8000 * bytes) / durationMs) : '–'],
    ['Renditions', renditions.map(({ name }) => name).join(', ') || '–'],
  ]
}

/** Lengths in ms as their mean and, where it differs, the longest. */
function spread(lengths: readonly number[]): string {
  if (lengths.length === 0) return '–'
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
  const mean = seconds(lengths.reduce((sum, length) => sum + length, 0) / lengths.length)
  const longest = seconds(lengths.reduce((most, length) => Math.max(most, length), 0))
  return mean === longest ? mean : `${mean}, at most ${longest}`
}

function make<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string | number>> = {},
): SVGElementTagNameMap[K] {
  const made = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value))
  return made
}
