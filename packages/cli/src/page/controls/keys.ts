import { formatDuration } from '../../format.js'
import type { Choices } from '../choices.js'
import { byId } from '../dom.js'
import { toggleMute, togglePlay } from './actions.js'
import { SPEEDS } from './controls.js'
import { toggleFullscreen } from './windows.js'

/** What the keys act on. */
export interface KeyTargets {
  readonly video: HTMLVideoElement
  readonly choices: Choices
  /** Says shortly over the picture what a key has done. */
  say(words: string): void
  /** Frames per second of the film. */
  frameRate(): number
  /** Whether there is a film. */
  isActive(): boolean
}

/** Listens to the keys that people know from other players. */
export function listenToKeys(targets: KeyTargets): void {
  const actions = keyActions(targets)
  followFrames(targets.video)
  document.addEventListener('keydown', event => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || !targets.isActive()) return
    const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key]
    if (action === undefined || isForItself(event)) return
    event.preventDefault()
    action()
  })
}

/** Goes some seconds on or back, and says so. */
export function skip({ video, say }: KeyTargets, seconds: number): void {
  if (!(video.duration > 0)) return
  video.currentTime = Math.min(video.duration, Math.max(0, video.currentTime + seconds))
  say(`${seconds > 0 ? '+' : '−'}${Math.abs(seconds)} s`)
}

/** Whether the key belongs to what has the focus: letters to a field, space to a button, arrows to a slider. */
function isForItself({ key, target }: KeyboardEvent): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target instanceof HTMLInputElement && target.type === 'range')
    return key.startsWith('Arrow') || key === 'Home' || key === 'End'
  if (target.matches('input, textarea, select') || target.closest('dialog') !== null) return true
  if (key === ' ') return target.matches('button, a, summary, [role=tab]')
  return target.matches('[role=tab], .plan-picture') && (key.startsWith('Arrow') || key === 'Home' || key === 'End')
}

type Actions = Readonly<Record<string, () => void>>

function keyActions(targets: KeyTargets): Actions {
  const { video } = targets
  const goTo = (time: number): void => {
    if (video.duration > 0) video.currentTime = time
  }
  const tenths = Array.from({ length: 10 }, (_, n): [string, () => void] => [
    String(n),
    () => {
      goTo((n * video.duration) / 10)
      targets.say(formatDuration(1000 * video.currentTime))
    },
  ])
  return {
    ' ': () => togglePlay(video),
    k: () => togglePlay(video),
    ArrowLeft: () => skip(targets, -5),
    ArrowRight: () => skip(targets, 5),
    j: () => skip(targets, -10),
    l: () => skip(targets, 10),
    Home: () => goTo(0),
    End: () => goTo(video.duration),
    ',': () => step(targets, -1),
    '.': () => step(targets, 1),
    f: () => toggleFullscreen(byId('player', HTMLElement), video),
    ...Object.fromEntries(tenths),
    ...volumeActions(targets),
    ...speedActions(targets),
    c: () => {
      const shown = targets.choices.toggleText()
      targets.say(shown === undefined ? 'No subtitles' : `Subtitles: ${shown}`)
    },
    '?': () => byId('help', HTMLDialogElement).showModal(),
  }
}

function volumeActions({ video, say }: KeyTargets): Actions {
  const change = (by: number): void => {
    const heard = video.muted ? 0 : video.volume
    video.volume = Math.min(1, Math.max(0, Math.round(20 * (heard + by)) / 20))
    video.muted = video.volume === 0
    say(`Volume ${Math.round(100 * video.volume)} %`)
  }
  return {
    ArrowUp: () => change(0.05),
    ArrowDown: () => change(-0.05),
    m: () => {
      toggleMute(video)
      say(video.muted ? 'Muted' : `Volume ${Math.round(100 * video.volume)} %`)
    },
  }
}

function speedActions({ video, say }: KeyTargets): Actions {
  const change = (by: 1 | -1): void => {
    const next =
      by > 0 ? SPEEDS.find(rate => rate > video.playbackRate) : SPEEDS.findLast(rate => rate < video.playbackRate)
    video.playbackRate = next ?? video.playbackRate
    say(`Speed ${video.playbackRate}×`)
  }
  return { '>': () => change(1), '<': () => change(-1) }
}

/** Times of the frames that are shown, s, by the video that shows them. */
const shownTimes = new WeakMap<HTMLVideoElement, number>()

function followFrames(video: HTMLVideoElement): void {
  if (typeof video.requestVideoFrameCallback !== 'function') return
  const note: VideoFrameRequestCallback = (_now, { mediaTime }) => {
    shownTimes.set(video, mediaTime)
    video.requestVideoFrameCallback(note)
  }
  video.requestVideoFrameCallback(note)
}

/** Where the last step went to, s, by the video that was stepped. */
const steppedTo = new WeakMap<HTMLVideoElement, number>()

/** One frame on or back, of a film that stands. */
function step({ video, frameRate }: KeyTargets, by: 1 | -1): void {
  video.pause()
  if (!(video.duration > 0)) return
  const length = 1 / frameRate()
  const to = middleOfFrame(video, length) + by * length
  // The middle of the first and of the last frame are as far as it goes.
  video.currentTime = Math.max(firstFrame(video) + length / 2, Math.min(video.duration - length / 2, to))
  steppedTo.set(video, video.currentTime)
}

/** The middle of the frame where a film stands, s: rounding never shows the one beside it. */
function middleOfFrame(video: HTMLVideoElement, length: number): number {
  const { currentTime } = video
  // Keys come faster than pictures: the last step tells where the film is before its frame is shown.
  if (Math.abs((steppedTo.get(video) ?? Infinity) - currentTime) < 0.001) return currentTime
  const shown = shownTimes.get(video) ?? currentTime
  // A browser shows a frame a little late: a time far from it is that of another film or place.
  const from = Math.abs(shown - currentTime) < 2 * length ? shown : currentTime
  return Math.max(firstFrame(video), from) + length / 2
}

/** When the first frame is due, s: pictures that are shown in another order than sent begin a little after zero. */
function firstFrame({ buffered }: HTMLVideoElement): number {
  const start = buffered.length > 0 ? buffered.start(0) : 0
  return start < 1 ? start : 0
}
