import type Hls from 'hls.js'
import { type CuesParsedData, Events } from 'hls.js'
import { element } from './dom.js'

/** Bounds of what a film's subtitles may take: far more than any film has, little enough for any page. */
const MAX_CUES_PER_SEGMENT = 1000
const MAX_CUES_PER_TRACK = 20_000
const MAX_SHOWN = 8
const MAX_SHOWN_CHARACTERS = 1000

/** Height of one line of a cue's own line counting, % of the picture. */
const LINE_HEIGHT = 6
/** From here on a place is the bottom, % from the top. */
const NEAR_BOTTOM = 80

/**
 * The cues of the chosen subtitles, shown over the picture. hls.js brings them; a hidden text track of the browser tells
 * when each is due; `getCueAsHTML` gives its text as nodes, so that no cue is ever read as markup of the page.
 */
export class Captions {
  readonly #box: HTMLElement
  readonly #track: TextTrack
  /** Cues by the address of their rendition: hls.js brings each segment once, however often one switches. */
  readonly #cues = new Map<string, Map<string, VTTCue>>()
  #chosen = ''

  constructor(video: HTMLVideoElement, box: HTMLElement) {
    this.#box = box
    this.#track = video.addTextTrack('subtitles', 'Subtitles')
    this.#track.mode = 'hidden'
    this.#track.addEventListener('cuechange', () => this.#show())
    // An iPhone's own full screen shows the picture without the page.
    video.addEventListener('webkitbeginfullscreen', () => {
      this.#track.mode = 'showing'
    })
    video.addEventListener('webkitendfullscreen', () => {
      this.#track.mode = 'hidden'
    })
  }

  /** Starts from nothing, with a film's player. */
  watch(hls: Hls | undefined): void {
    this.#cues.clear()
    this.choose('')
    hls?.on(Events.CUES_PARSED, (_event, data) => this.#take(data))
  }

  /** Shows the rendition of an address; none of an empty one. */
  choose(url: string): void {
    if (url === this.#chosen) return
    this.#chosen = url
    for (const cue of [...(this.#track.cues ?? [])]) this.#track.removeCue(cue)
    for (const cue of this.#cues.get(url)?.values() ?? []) this.#track.addCue(cue)
    this.#show()
  }

  #take({ cues, subtitleTrack }: CuesParsedData): void {
    const url = subtitleTrack?.url
    if (url === undefined || !Array.isArray(cues)) return
    const known = this.#cues.get(url) ?? new Map<string, VTTCue>()
    this.#cues.set(url, known)
    for (const cue of (cues as readonly VTTCue[]).slice(0, MAX_CUES_PER_SEGMENT)) {
      // A cue that spans a cut comes with both segments.
      const key = `${cue.startTime}\n${cue.endTime}\n${cue.text.slice(0, 100)}`
      if (known.size >= MAX_CUES_PER_TRACK || known.has(key) || !(cue.endTime > cue.startTime)) continue
      if (cue.text.length > MAX_SHOWN_CHARACTERS) cue.text = cue.text.slice(0, MAX_SHOWN_CHARACTERS)
      known.set(key, cue)
      if (url === this.#chosen) this.#track.addCue(cue)
    }
    this.#show()
  }

  #show(): void {
    const active = [...(this.#track.activeCues ?? [])].slice(0, MAX_SHOWN) as VTTCue[]
    this.#box.replaceChildren(...cueGroups(active))
  }
}

/** Cues of one place lie below one another; those without a place at the bottom. */
function cueGroups(cues: readonly VTTCue[]): Iterable<HTMLElement> {
  const groups = new Map<string, HTMLElement>()
  for (const cue of cues) {
    const [side, percent] = placeOf(cue)
    const key = `${side} ${percent}`
    const group = groups.get(key) ?? element('div', side === 'bottom' && percent === 0 ? '' : 'cues-placed')
    if (!groups.has(key)) group.style.setProperty(side, `${percent}%`)
    groups.set(key, group)
    group.append(cueElement(cue))
  }
  return groups.values()
}

/**
 * The side of the picture from which a cue is placed, and how far from it in per cent. WebVTT §3.1: a line is a place from
 * the top in lines or in per cent; `auto` is the bottom, and so is here what comes close to it.
 */
function placeOf({ line, snapToLines }: VTTCue): ['top' | 'bottom', number] {
  if (typeof line !== 'number') return ['bottom', 0]
  const fromTop = snapToLines ? (line < 0 ? 100 : 0) + line * LINE_HEIGHT : line
  if (fromTop >= NEAR_BOTTOM) return ['bottom', 0]
  return fromTop > 50 ? ['bottom', 100 - fromTop - LINE_HEIGHT] : ['top', Math.max(2, fromTop)]
}

function cueElement(cue: VTTCue): HTMLElement {
  const block = element('div', 'cue')
  const words = element('span', 'cue-text')
  words.append(cue.getCueAsHTML())
  block.append(words)
  if (cue.align === 'start' || cue.align === 'left') block.classList.add('cue-start')
  if (cue.align === 'end' || cue.align === 'right') block.classList.add('cue-end')
  return block
}
