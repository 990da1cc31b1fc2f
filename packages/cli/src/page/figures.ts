import type Hls from 'hls.js'
import { Events, type FragLoadedData } from 'hls.js'
import { formatBytes } from '../format.js'
import { byId } from './dom.js'

/** Running figures of what was fetched for the film that plays. */
export class Figures {
  readonly #video: HTMLVideoElement
  #segments = 0
  #bytes = 0
  #totalMs = 0

  constructor(video: HTMLVideoElement) {
    this.#video = video
    setInterval(() => this.#show(), 1000)
  }

  /** Starts from nothing, with a film's player; native players don't tell what they fetch. */
  watch(hls: Hls | undefined): void {
    this.#segments = 0
    this.#bytes = 0
    this.#totalMs = 0
    hls?.on(Events.FRAG_LOADED, (_event, data) => this.#count(data))
    this.#show()
  }

  #count({ frag }: FragLoadedData): void {
    const { loading, total, loaded } = frag.stats
    this.#bytes += total || loaded
    if (frag.sn === 'initSegment') return
    this.#segments++
    this.#totalMs += loading.end - loading.start
  }

  #show(): void {
    const mean = this.#segments === 0 ? '–' : `${(this.#totalMs / this.#segments).toFixed(0)} ms`
    set('figure-segments', String(this.#segments))
    set('figure-bytes', this.#bytes === 0 ? '–' : formatBytes(this.#bytes))
    set('figure-mean', mean)
    set('figure-buffer', `${bufferAhead(this.#video).toFixed(1)} s`)
    set('figure-dropped', droppedFrames(this.#video))
  }
}

function set(id: string, text: string): void {
  const target = byId(id, HTMLElement)
  if (target.textContent !== text) target.textContent = text
}

/** Seconds that can be played without a further byte. */
function bufferAhead({ buffered, currentTime }: HTMLVideoElement): number {
  for (let i = 0; i < buffered.length; i++) {
    // A seek to a range's very start lands up to a frame before it.
    if (buffered.start(i) <= currentTime + 0.1 && currentTime < buffered.end(i)) return buffered.end(i) - currentTime
  }
  return 0
}

function droppedFrames(video: HTMLVideoElement): string {
  if (typeof video.getVideoPlaybackQuality !== 'function') return '–'
  const { droppedVideoFrames, totalVideoFrames } = video.getVideoPlaybackQuality()
  return totalVideoFrames === 0 ? '–' : `${droppedVideoFrames} of ${totalVideoFrames}`
}
