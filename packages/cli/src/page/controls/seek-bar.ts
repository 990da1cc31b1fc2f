import { formatDuration } from '../../format.js'
import { type Chapter, chapterAt } from '../chapters.js'
import { byId, element } from '../dom.js'
import type { Thumbnails } from './thumbnails.js'

/** The bar on which a viewer sees where the film is and chooses where to go. */
export class SeekBar {
  readonly #video: HTMLVideoElement
  readonly #thumbnails: Thumbnails
  readonly #bar = byId('seek', HTMLElement)
  readonly #buffered = byId('seek-buffered', HTMLElement)
  readonly #marks = byId('seek-chapters', HTMLElement)
  readonly #hint = byId('seek-hint', HTMLElement)
  #chapters: readonly Chapter[] = []
  /** Where a drag is, s. */
  #dragged: number | undefined

  constructor(video: HTMLVideoElement, thumbnails: Thumbnails) {
    this.#video = video
    this.#thumbnails = thumbnails
    const bar = this.#bar
    bar.addEventListener('pointerdown', event => this.#onDown(event))
    bar.addEventListener('pointermove', event => this.#onMove(event))
    bar.addEventListener('pointerup', event => this.#onUp(event))
    bar.addEventListener('pointercancel', () => this.#endDrag())
    bar.addEventListener('pointerleave', () => {
      if (this.#dragged === undefined) this.#hint.hidden = true
    })
    for (const event of ['timeupdate', 'seeking', 'durationchange', 'progress', 'emptied'] as const)
      video.addEventListener(event, () => this.show())
  }

  get isDragged(): boolean {
    return this.#dragged !== undefined
  }

  /** Marks the chapters; the first begins with the film and needs no mark. */
  setChapters(chapters: readonly Chapter[]): void {
    this.#chapters = chapters
    this.#showMarks()
  }

  /** Shows where the film is. */
  show(): void {
    const { duration, buffered } = this.#video
    const isKnown = Number.isFinite(duration) && duration > 0
    const now = this.#dragged ?? this.#video.currentTime
    const share = isKnown ? Math.min(1, now / duration) : 0
    this.#bar.style.setProperty('--played', String(share))
    this.#bar.setAttribute('aria-valuemax', isKnown ? duration.toFixed(0) : '0')
    this.#bar.setAttribute('aria-valuenow', now.toFixed(0))
    const chapter = chapterAt(this.#chapters, now)
    const spoken = `${formatDuration(1000 * now)} of ${isKnown ? formatDuration(1000 * duration) : 'unknown'}`
    this.#bar.setAttribute('aria-valuetext', chapter === undefined ? spoken : `${spoken}, ${chapter.title}`)
    byId('time-now', HTMLElement).textContent = formatDuration(1000 * now)
    byId('time-end', HTMLElement).textContent = isKnown ? formatDuration(1000 * duration) : '–:––'
    const ranges = isKnown ? Array.from({ length: buffered.length }, (_, i) => i) : []
    this.#buffered.replaceChildren(
      ...ranges.map(i => {
        const range = element('span', 'seek-range')
        range.style.left = `${(100 * buffered.start(i)) / duration}%`
        range.style.width = `${(100 * (buffered.end(i) - buffered.start(i))) / duration}%`
        return range
      }),
    )
    if (this.#marks.childElementCount === 0 && this.#chapters.length > 1) this.#showMarks()
  }

  #showMarks(): void {
    const { duration } = this.#video
    const shown = duration > 0 ? this.#chapters.filter(({ start }) => start > 0.5 && start < duration) : []
    this.#marks.replaceChildren(
      ...shown.map(({ start }) => {
        const mark = element('span', 'seek-mark')
        mark.style.left = `${(100 * start) / duration}%`
        return mark
      }),
    )
  }

  #timeAt(event: PointerEvent): number {
    const { left, width } = this.#bar.getBoundingClientRect()
    const share = Math.min(1, Math.max(0, (event.clientX - left) / width))
    return Number.isFinite(this.#video.duration) ? share * this.#video.duration : 0
  }

  #onDown(event: PointerEvent): void {
    if (event.button !== 0) return
    this.#bar.setPointerCapture(event.pointerId)
    this.#bar.classList.add('is-dragged')
    this.#dragged = this.#timeAt(event)
    this.#showHint(event)
    this.show()
  }

  #onMove(event: PointerEvent): void {
    if (this.#dragged !== undefined) {
      this.#dragged = this.#timeAt(event)
      this.show()
    }
    this.#showHint(event)
  }

  #onUp(event: PointerEvent): void {
    if (this.#dragged === undefined) return
    this.#video.currentTime = this.#timeAt(event)
    this.#endDrag()
    if (event.pointerType !== 'mouse') this.#hint.hidden = true
  }

  #endDrag(): void {
    this.#dragged = undefined
    this.#bar.classList.remove('is-dragged')
    this.show()
  }

  /** What would be played where the pointer is: its time, chapter and picture. */
  #showHint(event: PointerEvent): void {
    if (!(this.#video.duration > 0)) return
    const time = this.#timeAt(event)
    byId('seek-hint-time', HTMLElement).textContent = formatDuration(1000 * time)
    byId('seek-hint-chapter', HTMLElement).textContent = chapterAt(this.#chapters, time)?.title ?? ''
    this.#thumbnails.show(time)
    this.#hint.hidden = false
    const { left, width } = this.#bar.getBoundingClientRect()
    const half = this.#hint.offsetWidth / 2
    const x = Math.min(width - half, Math.max(half, event.clientX - left))
    this.#hint.style.left = `${x}px`
  }
}
