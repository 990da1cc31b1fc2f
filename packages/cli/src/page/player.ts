import Hls, { type ErrorData, Events } from 'hls.js'
import type { FilmEntry } from '../server/film.js'
import { browserTypeTest } from './capabilities.js'
import { byId, element } from './dom.js'
import { askWhy, withClient } from './server-api.js'
import { languageName } from './tracks.js'

/** What the page's tests look at: the player inside, to seek in it and to read its buffer. */
interface TestHandle {
  hls: Hls | undefined
  readonly video: HTMLVideoElement
}

declare global {
  interface Window {
    cuemux?: TestHandle
  }
}

/** What a type of hls.js's errors means to a viewer. */
const REASONS: Readonly<Record<string, string>> = {
  networkError: 'a part of the film could not be fetched',
  mediaError: 'the browser cannot decode a part of the film',
  keySystemError: 'the film is encrypted',
}

/** How this browser plays HLS. */
export type Method = 'hls.js' | 'native' | 'none'

/** hls.js wherever there are media sources: only it tells what it fetches. Else the browser's own HLS (older iPhones). */
export function playMethod(video: HTMLVideoElement): Method {
  if (browserTypeTest() !== undefined && Hls.isSupported()) return 'hls.js'
  return video.canPlayType('application/vnd.apple.mpegurl') === '' ? 'none' : 'native'
}

/** The video element with whatever plays a film in it. */
export class Player {
  readonly video: HTMLVideoElement
  readonly #onError: (words: string) => void
  readonly #handle: TestHandle
  #master = ''
  #hasRecovered = false

  /** @param onError told in words when playing can't go on */
  constructor(video: HTMLVideoElement, onError: (words: string) => void) {
    this.video = video
    this.#onError = onError
    this.#handle = { hls: undefined, video }
    window.cuemux = this.#handle
    video.addEventListener('error', () => this.#onVideoError())
  }

  /** Ends the film before, if any. */
  stop(): void {
    this.#handle.hls?.destroy()
    this.#handle.hls = undefined
    this.#master = ''
    this.video.removeAttribute('src')
    this.video.load()
    byId('audio-choice', HTMLElement).hidden = true
    byId('audio', HTMLSelectElement).replaceChildren()
  }

  /** Plays a film from its beginning; gives the hls.js in use, if it is used. */
  play(film: FilmEntry, client: string, method: Method): Hls | undefined {
    this.stop()
    this.#master = withClient(film.master, client)
    this.#hasRecovered = false
    if (method === 'native') {
      this.video.src = this.#master
      return undefined
    }
    const hls = new Hls({
      // A wished time lies in exactly one segment; hls.js would take the next one when it is nearly there, and then
      // jump over the part that it hasn't loaded.
      maxFragLookUpTolerance: 0,
      maxBufferLength: 30,
      backBufferLength: 60,
      // Our segments are fragmented MP4 and need no transmuxing: nothing is left for a worker to do.
      enableWorker: false,
      startFragPrefetch: true,
      // Nothing shows them, and hls.js would load a data: address for their track.
      enableID3MetadataCues: false,
      enableEmsgMetadataCues: false,
    })
    this.#handle.hls = hls
    hls.on(Events.ERROR, (_event, data) => void this.#onHlsError(hls, data))
    hls.on(Events.AUDIO_TRACK_SWITCHING, (_event, { url }) => this.#offerAudio(hls, url))
    hls.loadSource(this.#master)
    hls.attachMedia(this.video)
    return hls
  }

  /** Offers the sound of all codecs: a choice may lead to another group of renditions. */
  #offerAudio(hls: Hls, chosenUrl: string): void {
    const tracks = hls.allAudioTracks
    const select = byId('audio', HTMLSelectElement)
    byId('audio-choice', HTMLElement).hidden = tracks.length < 2
    const options = tracks.map((track, n) => {
      const language = track.lang === undefined || track.lang === 'und' ? '' : languageName(track.lang)
      const names = [...new Set([language, track.name])].filter(name => name !== '')
      const option = element('option', '', names.join(' · ') || `Track ${n + 1}`)
      option.value = String(n)
      option.selected = track.url === chosenUrl
      return option
    })
    select.replaceChildren(...options)
    select.onchange = () => {
      const track = tracks[Number(select.value)]
      if (track !== undefined) hls.setAudioOption(track)
    }
  }

  async #onHlsError(hls: Hls, data: ErrorData): Promise<void> {
    if (!data.fatal || hls !== this.#handle.hls) return
    if (data.type === 'mediaError' && !this.#hasRecovered) {
      this.#hasRecovered = true
      hls.recoverMediaError()
      return
    }
    const address = data.url ?? data.frag?.url ?? this.#master
    const why = data.type === 'networkError' ? await askWhy(address) : undefined
    if (hls !== this.#handle.hls) return
    // The browser's own message is for whoever looks closer.
    console.warn(data.error)
    this.#onError(why ?? `Playing stopped: ${REASONS[data.type] ?? 'something is wrong with it'} (${data.details}).`)
  }

  #onVideoError(): void {
    // hls.js reports the same error with more detail.
    if (this.#handle.hls !== undefined || this.#master === '') return
    this.#onError(`The browser cannot play it: ${this.video.error?.message || 'it gives no reason'}.`)
  }
}
