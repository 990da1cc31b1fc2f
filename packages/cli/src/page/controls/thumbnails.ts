import { byId } from '../dom.js'

/** A picture in a sheet of pictures, and the time for which it stands. */
export interface Tile {
  /** s. */
  readonly start: number
  readonly end: number
  readonly address: string
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** Far more than a film has, at one every second. */
const MAX_TILES = 20_000
const MAX_SIDE = 4096

/** Box in which a tile is shown, in px. */
const SHOWN_WIDTH = 168

/** Small pictures of the film where the pointer is on the seek bar, on servers that make them. */
export class Thumbnails {
  readonly #box = byId('seek-tile', HTMLElement)
  readonly #image = document.createElement('img')
  #load: (() => Promise<readonly Tile[]>) | undefined
  #tiles: readonly Tile[] = []

  constructor() {
    this.#image.alt = ''
    this.#image.draggable = false
    this.#box.append(this.#image)
  }

  /** Starts with a film; its tiles are asked for when the first is wanted. */
  watch(load: (() => Promise<readonly Tile[]>) | undefined): void {
    this.#load = load
    this.#tiles = []
    this.#box.hidden = true
    this.#image.removeAttribute('src')
  }

  /** Shows the tile of a time, s, if there is one. */
  show(time: number): void {
    const load = this.#load
    this.#load = undefined
    // A server without pictures has said so once; that is enough.
    load?.().then(
      tiles => {
        this.#tiles = tiles
        this.show(time)
      },
      () => {},
    )
    const tile = this.#tiles.findLast(({ start }) => start <= time)
    this.#box.hidden = tile === undefined
    if (tile === undefined) return
    const scale = SHOWN_WIDTH / tile.width
    this.#box.style.width = `${SHOWN_WIDTH}px`
    this.#box.style.height = `${Math.round(tile.height * scale)}px`
    this.#image.style.transform = `scale(${scale}) translate(${-tile.x}px, ${-tile.y}px)`
    if (this.#image.src !== tile.address) this.#image.src = tile.address
  }
}

/**
 * The tiles of a WebVTT storyboard: cues whose text is `ADDRESS#xywh=X,Y,WIDTH,HEIGHT` (Media Fragments §4.2.2).
 * What isn't one, or lies on another server, is left out.
 */
export function readStoryboard(text: string, address: string): Tile[] {
  const tiles: Tile[] = []
  for (const block of text.split(/\r?\n(?:\r?\n)+/)) {
    if (tiles.length >= MAX_TILES) break
    const lines = block.trim().split(/\r?\n/)
    const times = lines.findIndex(line => line.includes('-->'))
    const [from = '', to = ''] = lines[times]?.split('-->') ?? []
    const [start, end] = [readTime(from), readTime(to)]
    const place = /^(\S+)#xywh=(?:pixel:)?(\d{1,5}),(\d{1,5}),(\d{1,5}),(\d{1,5})$/.exec(lines[times + 1]?.trim() ?? '')
    if (start === undefined || end === undefined || place === null || !URL.canParse(place[1] ?? '', address)) continue
    const sheet = new URL(place[1] ?? '', address)
    const [x = 0, y = 0, width = 0, height = 0] = place.slice(2).map(Number)
    const isShown = width > 0 && height > 0 && width <= MAX_SIDE && height <= MAX_SIDE
    if (isShown && sheet.origin === new URL(address).origin) {
      tiles.push({ start, end, address: sheet.href, x, y, width, height })
    }
  }
  return tiles.sort((a, b) => a.start - b.start)
}

/** `1:02:03.456` or `02:03.456` in s. */
function readTime(text: string): number | undefined {
  const found = /^\s*(?:(\d{1,4}):)?(\d{2}):(\d{2}\.\d{3})(?:\s|$)/.exec(text)
  if (found === null) return undefined
  return 3600 * Number(found[1] ?? 0) + 60 * Number(found[2]) + Number(found[3])
}
