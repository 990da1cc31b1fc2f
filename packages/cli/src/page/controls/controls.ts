import { formatDuration } from '../../format.js'
import { type Chapter, chapterAt } from '../chapters.js'
import type { Choice, Choices } from '../choices.js'
import { byId } from '../dom.js'
import { keepSettings, readSettings } from '../memory.js'
import { setIcon, toggleMute, togglePlay } from './actions.js'
import { Menu } from './menu.js'
import { SeekBar } from './seek-bar.js'
import { Thumbnails } from './thumbnails.js'
import { offerFullscreen, offerPictureInPicture } from './windows.js'

/** Speeds of the menu. */
export const SPEEDS: readonly number[] = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2]

/** The buttons and menus over the picture. */
export class Controls {
  readonly thumbnails: Thumbnails = new Thumbnails()
  readonly seekBar: SeekBar
  readonly #video: HTMLVideoElement
  readonly #choices: Choices
  readonly #menus: readonly Menu[]
  readonly #speed: Menu
  #chapters: readonly Chapter[] = []

  constructor(video: HTMLVideoElement, choices: Choices) {
    this.#video = video
    this.#choices = choices
    this.seekBar = new SeekBar(video, this.thumbnails)
    const player = byId('player', HTMLElement)
    const menu = (id: string, read: () => readonly Choice[]): Menu => {
      return new Menu(byId(id, HTMLButtonElement), player, read)
    }
    this.#speed = menu('speed', () => this.#speeds())
    this.#menus = [
      menu('chapter', () => this.#chapterChoices()),
      menu('text', () => choices.texts()),
      menu('audio', () => choices.audio()),
      menu('quality', () => choices.levels()),
      this.#speed,
    ]
    this.#wirePlay()
    this.#wireVolume()
    video.addEventListener('ratechange', () => this.#showSpeed())
    video.addEventListener('timeupdate', () => this.#showChapter())
    player.addEventListener('click', event => letGo(event))
    offerFullscreen(player, video, byId('fullscreen', HTMLButtonElement))
    offerPictureInPicture(video, byId('pip', HTMLButtonElement))
  }

  /** Shows what there is to choose now. */
  refresh(): void {
    for (const menu of this.#menus) menu.refresh()
    const [off] = this.#choices.texts()
    byId('text', HTMLButtonElement).classList.toggle('is-on', off?.isChosen === false)
  }

  setChapters(chapters: readonly Chapter[]): void {
    this.#chapters = chapters
    this.seekBar.setChapters(chapters)
    this.#showChapter()
    this.refresh()
  }

  #wirePlay(): void {
    const video = this.#video
    const toggle = (): void => togglePlay(video)
    const buttons = [byId('play', HTMLButtonElement), byId('big-play', HTMLButtonElement)]
    for (const button of buttons) button.addEventListener('click', toggle)
    const show = (): void => {
      const words = video.paused ? (video.ended ? 'Play again' : 'Play') : 'Pause'
      // A film that stands in its middle is looked at: no button lies over it.
      byId('player', HTMLElement).classList.toggle(
        'is-fresh',
        video.paused && (video.played.length === 0 || video.ended),
      )
      for (const button of buttons) setIcon(button, video.paused ? (video.ended ? 'replay' : 'play') : 'pause', words)
    }
    for (const event of ['play', 'pause', 'ended', 'seeked', 'emptied'] as const) video.addEventListener(event, show)
    show()
  }

  #wireVolume(): void {
    const video = this.#video
    const { volume, isMuted } = readSettings()
    if (volume !== undefined) video.volume = volume
    if (isMuted !== undefined) video.muted = isMuted
    const slider = byId('volume', HTMLInputElement)
    const button = byId('mute', HTMLButtonElement)
    button.addEventListener('click', () => toggleMute(video))
    slider.addEventListener('input', () => {
      video.volume = Number(slider.value)
      video.muted = video.volume === 0
    })
    const show = (): void => {
      const heard = video.muted ? 0 : video.volume
      slider.value = String(heard)
      slider.style.setProperty('--share', `${100 * heard}%`)
      slider.setAttribute('aria-valuetext', `${Math.round(100 * heard)} %`)
      const icon = heard === 0 ? 'muted' : heard < 0.5 ? 'quiet' : 'loud'
      setIcon(button, icon, heard === 0 ? 'Sound on' : 'Mute')
    }
    video.addEventListener('volumechange', () => {
      show()
      keepSettings({ volume: video.volume, isMuted: video.muted })
    })
    show()
  }

  #speeds(): Choice[] {
    return SPEEDS.map(rate => ({
      label: rate === 1 ? 'Normal' : `${rate}×`,
      isChosen: this.#video.playbackRate === rate,
      choose: () => {
        this.#video.playbackRate = rate
        this.#video.defaultPlaybackRate = rate
      },
    }))
  }

  #showSpeed(): void {
    const rate = this.#video.playbackRate
    byId('speed-value', HTMLElement).textContent = `${rate}×`
    byId('speed', HTMLButtonElement).classList.toggle('is-on', rate !== 1)
    this.#speed.refresh()
  }

  #chapterChoices(): Choice[] {
    const now = chapterAt(this.#chapters, this.#video.currentTime)
    return this.#chapters.map(chapter => ({
      label: chapter.title,
      detail: formatDuration(1000 * chapter.start),
      isChosen: chapter === now,
      choose: () => {
        this.#video.currentTime = chapter.start
      },
    }))
  }

  #showChapter(): void {
    const title = chapterAt(this.#chapters, this.#video.currentTime)?.title ?? ''
    const shown = byId('chapter-now', HTMLElement)
    if (shown.textContent !== title) shown.textContent = title
  }
}

/** A button that was clicked gives the focus back, so that the space bar plays and pauses; keys keep theirs. */
function letGo({ detail, target }: MouseEvent): void {
  const button = target instanceof Element ? target.closest<HTMLElement>('.control, .big-play') : null
  if (detail > 0) button?.blur()
}
