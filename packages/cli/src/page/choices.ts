import type Hls from 'hls.js'
import type { MediaPlaylist } from 'hls.js'
import type { Captions } from './captions.js'
import { keepSettings, readSettings } from './memory.js'
import { switchSound } from './sound-switch.js'
import { languageName } from './tracks.js'

/** One of several things to choose, as a menu shows it. */
export interface Choice {
  readonly label: string
  /** What sets it apart from others of the same label. */
  readonly detail?: string
  readonly isChosen: boolean
  choose(): void
}

/** A film's sound, subtitles and picture sizes, to choose from while it plays. */
export class Choices {
  readonly #captions: Captions
  readonly #onChange: () => void
  #hls: Hls | undefined
  /** BCP 47, or `off`. */
  #text = readSettings().text ?? 'off'
  /** The one of several in one language. */
  #textName = ''
  #lastLanguage = this.#text

  /** @param onChange told when others are chosen */
  constructor(captions: Captions, onChange: () => void) {
    this.#captions = captions
    this.#onChange = onChange
  }

  /** Starts with a film's player; native players choose by themselves. */
  watch(hls: Hls | undefined): void {
    this.#hls = hls
    this.#textName = ''
    this.#captions.watch(hls)
  }

  /** The sounds of all codecs: a choice may lead to another group of renditions. */
  audio(): Choice[] {
    const hls = this.#hls
    if (hls === undefined) return []
    const chosen = hls.audioTracks[hls.audioTrack]
    return hls.allAudioTracks.map((track, n) => ({
      ...names(track, `Track ${n + 1}`),
      isChosen: track.url === chosen?.url,
      choose: () => {
        switchSound(hls, track)
        if (track.lang !== undefined) keepSettings({ audio: track.lang })
      },
    }))
  }

  /** No subtitles, and those that there are; forced ones are no choice: they are shown wherever no others are. */
  texts(): Choice[] {
    const offered = this.#texts().filter(track => !track.forced)
    if (offered.length === 0) return []
    const chosen = this.#chosenText()
    const off: Choice = {
      label: 'Off',
      isChosen: chosen === undefined,
      choose: () => this.#chooseText('off', this.#textName),
    }
    return [
      off,
      ...offered.map((track, n) => ({
        ...names(track, `Subtitles ${n + 1}`),
        isChosen: track === chosen,
        choose: () => this.#chooseText(track.lang ?? 'und', track.name),
      })),
    ]
  }

  /** Turns subtitles off, or those on that were shown last; gives the new ones' name, `undefined` when there are none. */
  toggleText(): string | undefined {
    const offered = this.#texts().filter(track => !track.forced)
    const track = offered.find(candidate => candidate.lang === this.#lastLanguage) ?? offered[0]
    if (track === undefined) return undefined
    const isOn = this.#chosenText() !== undefined
    if (isOn) this.#chooseText('off', this.#textName)
    else this.#chooseText(track.lang ?? 'und', this.#textName || track.name)
    return isOn ? 'off' : names(track, 'on').label
  }

  /** Sizes of the picture, where there are several. */
  levels(): Choice[] {
    const hls = this.#hls
    if (hls === undefined) return []
    const byHeight = new Map(hls.levels.map((level, n) => [level.height, n]))
    if (byHeight.size < 2) return []
    const shown = hls.levels[hls.currentLevel]?.height
    const auto: Choice = {
      label: 'Automatic',
      ...(hls.autoLevelEnabled && shown !== undefined ? { detail: `${shown}p` } : {}),
      isChosen: hls.autoLevelEnabled,
      choose: () => {
        hls.nextLevel = -1
      },
    }
    const sizes = [...byHeight].sort(([a], [b]) => b - a)
    return [
      auto,
      ...sizes.map(([height, level]) => ({
        label: `${height}p`,
        isChosen: !hls.autoLevelEnabled && hls.levels[hls.nextLevel]?.height === height,
        choose: () => {
          hls.nextLevel = level
        },
      })),
    ]
  }

  /** Makes the player follow what was chosen: after its list of tracks or its sound has changed. */
  apply(): void {
    const hls = this.#hls
    if (hls === undefined) return
    const track = this.#chosenText() ?? this.#forcedText()
    const index = track === undefined ? -1 : hls.subtitleTracks.indexOf(track)
    if (hls.subtitleTrack !== index) hls.subtitleTrack = index
    this.#captions.choose(track?.url ?? '')
  }

  #texts(): readonly MediaPlaylist[] {
    return this.#hls?.subtitleTracks ?? []
  }

  #chooseText(language: string, name: string): void {
    this.#text = language
    this.#textName = name
    if (language !== 'off') this.#lastLanguage = language
    keepSettings({ text: language })
    this.apply()
    this.#onChange()
  }

  #chosenText(): MediaPlaylist | undefined {
    if (this.#text === 'off') return undefined
    const inLanguage = this.#texts().filter(track => !track.forced && (track.lang ?? 'und') === this.#text)
    return inLanguage.find(({ name }) => name === this.#textName) ?? inLanguage[0]
  }

  /** What is said or written in another language than the sound's has to be understood all the same. */
  #forcedText(): MediaPlaylist | undefined {
    const hls = this.#hls
    const sound = hls?.audioTracks[hls.audioTrack]?.lang
    const forced = this.#texts().filter(track => track.forced)
    return forced.find(({ lang }) => lang === sound) ?? (sound === undefined ? forced[0] : undefined)
  }
}

/** `English`, and what the film calls it beside that. */
function names(track: MediaPlaylist, fallback: string): { label: string; detail?: string } {
  const language = track.lang === undefined || track.lang === 'und' ? '' : languageName(track.lang)
  const label = language || track.name || fallback
  const channels = track.channels === undefined ? '' : (CHANNELS[track.channels] ?? '')
  const detail = [track.name === label ? '' : track.name, channels].filter(part => part !== '').join(' · ')
  return detail === '' ? { label } : { label, detail }
}

const CHANNELS: Readonly<Record<string, string>> = {
  '1': 'mono',
  '2': 'stereo',
  '6': '5.1',
  '8': '7.1',
  '16/JOC': 'Atmos',
}
