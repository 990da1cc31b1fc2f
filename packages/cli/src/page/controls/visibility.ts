import { byId } from '../dom.js'
import { togglePlay } from './actions.js'
import { isMenuOpen } from './menu.js'
import { toggleFullscreen } from './windows.js'

/** The controls leave the picture when nobody has moved for so long, ms. */
const IDLE_MS = 2800
/** Two taps within this time are one double tap, ms. */
const DOUBLE_MS = 300

/** Shows the controls while someone uses them, and hides them over a film that plays. */
class Visibility {
  readonly #player = byId('player', HTMLElement)
  readonly #video: HTMLVideoElement
  readonly #skip: (seconds: number) => void
  readonly #isHeld: () => boolean
  #timer: ReturnType<typeof setTimeout> | undefined
  #lastTap = { at: Number.NEGATIVE_INFINITY, side: 0 }

  constructor(video: HTMLVideoElement, skip: (seconds: number) => void, isHeld: () => boolean) {
    this.#video = video
    this.#skip = skip
    this.#isHeld = isHeld
    const player = this.#player
    player.addEventListener('pointermove', event => {
      if (event.pointerType !== 'touch') this.wake()
    })
    player.addEventListener('pointerleave', event => {
      if (event.pointerType !== 'touch' && !isMenuOpen()) this.#rest()
    })
    player.addEventListener('focusin', () => this.wake())
    for (const event of ['pause', 'seeking', 'play'] as const) video.addEventListener(event, () => this.wake())
    const picture = byId('picture', HTMLElement)
    picture.addEventListener('click', event => this.#onClick(event as PointerEvent))
    picture.addEventListener('dblclick', event => {
      if ((event as PointerEvent).pointerType !== 'touch') toggleFullscreen(player, video)
    })
    this.wake()
  }

  /** Shows the controls for a while. */
  wake(): void {
    this.#player.classList.remove('is-idle')
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#rest(), IDLE_MS)
  }

  #rest(): void {
    const isFocused = this.#player.querySelector('.controls :focus-visible') !== null
    // Over sound alone there is nothing to uncover.
    const hasPicture = this.#video.videoWidth > 0
    if (this.#video.paused || !hasPicture || isMenuOpen() || isFocused || this.#isHeld()) return
    this.#player.classList.add('is-idle')
  }

  /** A click plays or pauses; a tap shows or hides the controls, and two at a side skip 10 s. */
  #onClick(event: PointerEvent): void {
    if (event.pointerType === 'touch') this.#onTap(event)
    else togglePlay(this.#video)
  }

  #onTap(event: PointerEvent): void {
    const { left, width } = this.#player.getBoundingClientRect()
    const share = (event.clientX - left) / width
    const side = share < 0.35 ? -1 : share > 0.65 ? 1 : 0
    const isSecond = event.timeStamp - this.#lastTap.at < DOUBLE_MS && side === this.#lastTap.side
    this.#lastTap = { at: event.timeStamp, side }
    if (isSecond && side !== 0) this.#skip(10 * side)
    else if (this.#player.classList.contains('is-idle')) this.wake()
    else this.#rest()
  }
}

/**
 * Shows and hides the controls of the page's player from now on.
 *
 * @param skip told of a double tap at the side
 * @param isHeld whether something is being dragged
 */
export function watchVisibility(video: HTMLVideoElement, skip: (seconds: number) => void, isHeld: () => boolean): void {
  new Visibility(video, skip, isHeld)
}
