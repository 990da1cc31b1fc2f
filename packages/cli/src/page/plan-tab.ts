import type { PlanReport } from 'cuemux'
import type Hls from 'hls.js'
import { Events } from 'hls.js'
import { byId, factElement } from './dom.js'
import { PlanPicture, planFacts } from './plan-picture.js'

/** The tab that shows how the film is cut. */
export class PlanTab {
  readonly #video: HTMLVideoElement
  readonly #loaded = new Set<number>()
  #load: (() => Promise<PlanReport>) | undefined
  /** Changes with the film: what was asked for another one is not shown. */
  #film = 0
  #picture: PlanPicture | undefined

  constructor(video: HTMLVideoElement) {
    this.#video = video
    video.addEventListener('timeupdate', () => this.#picture?.showNow(video.currentTime))
    video.addEventListener('seeking', () => this.#picture?.showNow(video.currentTime))
  }

  /** Starts with a film, or none; its plan is asked for when the tab is opened. */
  watch(load: (() => Promise<PlanReport>) | undefined, hls: Hls | undefined): void {
    this.#load = load
    this.#film++
    this.#picture = undefined
    this.#loaded.clear()
    byId('plan-view', HTMLElement).replaceChildren()
    byId('plan-facts', HTMLElement).replaceChildren()
    byId('plan-readout', HTMLElement).textContent = ''
    hls?.on(Events.FRAG_LOADED, (_event, { frag }) => {
      if (frag.sn === 'initSegment' || frag.type !== 'main') return
      this.#loaded.add(frag.sn)
      this.#picture?.showLoaded(this.#loaded)
    })
  }

  /** Shows the plan; asks for it the first time. */
  async show(): Promise<void> {
    const load = this.#load
    if (load === undefined) return
    this.#load = undefined
    const film = this.#film
    const readout = byId('plan-readout', HTMLElement)
    readout.textContent = 'The plan is on its way …'
    let plan: PlanReport
    try {
      plan = await load()
    } catch (error) {
      if (film !== this.#film) return
      this.#load = load
      readout.textContent = `The plan cannot be shown. ${error instanceof Error ? error.message : String(error)}`
      return
    }
    if (film !== this.#film) return
    this.#picture = new PlanPicture(plan, readout, { onChoose: seconds => this.#play(seconds) })
    byId('plan-view', HTMLElement).replaceChildren(this.#picture.root)
    byId('plan-facts', HTMLElement).replaceChildren(...planFacts(plan).map(factElement))
    this.#picture.showNow(this.#video.currentTime)
    this.#picture.showLoaded(this.#loaded)
  }

  #play(seconds: number): void {
    this.#video.currentTime = seconds
    this.#video.play().catch(() => {})
  }
}
