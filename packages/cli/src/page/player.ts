import Hls, { type ErrorData, Events } from 'hls.js'
import { browserTypeTest } from './capabilities.js'
import { readSettings } from './memory.js'
import { askWhy } from './server-api.js'
import { BoundedLoader } from './text-loader.js'

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

/** A language that no film has: hls.js would else start with the subtitles that the film marks as default. */
const NO_LANGUAGE = 'zxx'

/** How this browser plays HLS. */
export type Method = 'hls.js' | 'native' | 'none'

/** hls.js wherever there are media sources: only it tells what it fetches. Else the browser's own HLS (older iPhones). */
export function playMethod(video: HTMLVideoElement): Method {
  if (browserTypeTest() !== undefined && Hls.isSupported()) return 'hls.js'
  return video.canPlayType('application/vnd.apple.mpegurl') === '' ? 'none' : 'native'
}

/** What a player tells the page. */
export interface PlayerListener {
  /** Playing can't go on, in words. */
  onError(words: string): void
  /** There are other tracks or levels to choose from, or others are chosen. */
  onTracks(): void
  /** The film's chapter file is there, at this address. */
  onChapterFile(address: string): void
}

/** The video element with whatever plays a film in it. */
export class Player {
  readonly video: HTMLVideoElement
  readonly #listener: PlayerListener
  readonly #handle: TestHandle
  #master = ''
  #hasRecovered = false

  constructor(video: HTMLVideoElement, listener: PlayerListener) {
    this.video = video
    this.#listener = listener
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
  }

  /** Opens a multivariant playlist at a time, s; gives the hls.js in use, if it is used. */
  open(master: string, method: Method, startAt: number | undefined): Hls | undefined {
    this.stop()
    this.#master = master
    this.#hasRecovered = false
    if (method === 'native') {
      this.video.src = startAt === undefined ? this.#master : `${this.#master}#t=${startAt}`
      return undefined
    }
    const hls = this.#makeHls(startAt)
    this.#handle.hls = hls
    hls.on(Events.ERROR, (_event, data) => void this.#onHlsError(hls, data))
    hls.on(Events.MANIFEST_PARSED, (_event, { sessionData }) => {
      const uri = sessionData?.['com.apple.hls.chapters']?.URI
      if (uri !== undefined) this.#listener.onChapterFile(new URL(uri, new URL(this.#master, location.href)).href)
    })
    const changed = [
      Events.AUDIO_TRACKS_UPDATED,
      Events.AUDIO_TRACK_SWITCHED,
      Events.SUBTITLE_TRACKS_UPDATED,
      Events.LEVEL_SWITCHED,
    ] as const
    // hls.js sets its own choice of subtitles right after it has told of a new list.
    for (const event of changed) hls.on(event, () => queueMicrotask(() => this.#listener.onTracks()))
    hls.loadSource(this.#master)
    hls.attachMedia(this.video)
    return hls
  }

  #makeHls(startAt: number | undefined): Hls {
    const { audio } = readSettings()
    return new Hls({
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
      // The page shows the cues itself, and the server makes renditions of closed captions.
      renderTextTracksNatively: false,
      enableCEA708Captions: false,
      subtitlePreference: { lang: NO_LANGUAGE },
      fLoader: BoundedLoader,
      ...(audio === undefined ? {} : { audioPreference: { lang: audio } }),
      ...(startAt === undefined ? {} : { startPosition: startAt }),
    })
  }

  async #onHlsError(hls: Hls, data: ErrorData): Promise<void> {
    const isFatal = data.fatal || isGone(data)
    if (!isFatal || hls !== this.#handle.hls) return
    if (data.type === 'mediaError' && !this.#hasRecovered) {
      this.#hasRecovered = true
      hls.recoverMediaError()
      return
    }
    hls.stopLoad()
    const address = data.url ?? data.frag?.url ?? this.#master
    const why = data.type === 'networkError' ? await askWhy(address) : undefined
    if (hls !== this.#handle.hls) return
    // The browser's own message is for whoever looks closer.
    console.warn(data.error)
    this.#listener.onError(
      why ?? `Playing stopped: ${REASONS[data.type] ?? 'something is wrong with it'} (${data.details}).`,
    )
  }

  #onVideoError(): void {
    // hls.js reports the same error with more detail.
    if (this.#handle.hls !== undefined || this.#master === '') return
    this.#listener.onError(`The browser cannot play it: ${this.video.error?.message || 'it gives no reason'}.`)
  }
}

/** A segment of picture or sound that the server no longer has will not come back: hls.js would look on for long. */
function isGone({ frag, response }: ErrorData): boolean {
  const isPlayed = frag?.type === 'main' || frag?.type === 'audio'
  return isPlayed && (response?.code === 404 || response?.code === 410)
}
