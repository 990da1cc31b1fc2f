import { formatDuration } from '../../format.js'
import { byId } from '../dom.js'

const SAID_MS = 900
/** How long a film may wait for its next picture before the viewer is told that it loads, ms. */
const PATIENCE_MS = 350

/** What is said over the picture: what a key did, that the film loads, where it was left, why it doesn't play. */
export class Notices {
  readonly #video: HTMLVideoElement
  readonly #toast = byId('toast', HTMLElement)
  readonly #resume = byId('resume', HTMLElement)
  readonly #failure = byId('failure', HTMLElement)
  #toastTimer: ReturnType<typeof setTimeout> | undefined
  #spinnerTimer: ReturnType<typeof setTimeout> | undefined
  #retry: () => void = () => {}
  #held: AbortController | undefined

  constructor(video: HTMLVideoElement) {
    this.#video = video
    byId('failure-retry', HTMLButtonElement).addEventListener('click', () => this.#retry())
    byId('resume-continue', HTMLButtonElement).addEventListener('click', () => void video.play().catch(() => {}))
    byId('resume-restart', HTMLButtonElement).addEventListener('click', () => {
      video.currentTime = 0
      video.play().catch(() => {})
    })
    video.addEventListener('play', () => this.#hideResume())
    for (const event of ['waiting', 'loadstart', 'seeking'] as const)
      video.addEventListener(event, () => this.#wait(true))
    for (const event of ['canplay', 'playing', 'seeked', 'emptied', 'timeupdate', 'error'] as const)
      video.addEventListener(event, () => this.#wait(false))
  }

  /** Says a few words for a moment. */
  say(words: string): void {
    this.#toast.textContent = words
    this.#toast.classList.add('is-shown')
    clearTimeout(this.#toastTimer)
    this.#toastTimer = setTimeout(() => this.#toast.classList.remove('is-shown'), SAID_MS)
  }

  /** Offers to go on where the film was left, s. */
  offerResume(at: number): void {
    byId('resume-words', HTMLElement).textContent = `Continue at ${formatDuration(1000 * at)}`
    this.#resume.hidden = false
  }

  /** Takes everything away that was said of the film before. */
  clear(): void {
    this.#held?.abort()
    this.#hideResume()
    this.#failure.hidden = true
    this.#wait(false)
  }

  /** Says why the film doesn't play, once what is loaded has been played, and lets the viewer try again. */
  fail(words: string, retry: () => void): void {
    const video = this.#video
    this.#held?.abort()
    const show = (): void => {
      this.#held?.abort()
      this.#retry = retry
      this.#wait(false)
      this.#hideResume()
      byId('failure-words', HTMLElement).textContent = words
      this.#failure.hidden = false
    }
    if (video.paused || video.readyState < HTMLMediaElement.HAVE_FUTURE_DATA) {
      show()
      return
    }
    this.#held = new AbortController()
    for (const event of ['waiting', 'pause'] as const)
      video.addEventListener(event, show, { signal: this.#held.signal })
  }

  #hideResume(): void {
    this.#resume.hidden = true
  }

  #wait(isWaiting: boolean): void {
    const spinner = byId('spinner', HTMLElement)
    clearTimeout(this.#spinnerTimer)
    if (!isWaiting || !this.#failure.hidden) {
      spinner.hidden = true
      return
    }
    this.#spinnerTimer = setTimeout(() => {
      spinner.hidden = this.#video.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA
    }, PATIENCE_MS)
  }
}
