import type { FilmReport } from 'cuemux'
import { formatCodec, formatTrackDetails } from '../format.js'
import { element } from './dom.js'

type Track = FilmReport['tracks'][number]
type Decision = FilmReport['decisions'][number]

const KINDS: Readonly<Record<string, string>> = { video: 'Video', audio: 'Audio', text: 'Subtitles' }
const TARGETS: Readonly<Record<string, string>> = { h264: 'H.264', aac: 'AAC', webvtt: 'WebVTT' }

/** What becomes of the film in this browser, in one sentence: `Video copied; 2 × audio copied; subtitles left out.` */
export function decisionWords(report: FilmReport): string {
  const counts = new Map<string, number>()
  for (const track of report.tracks) {
    const decision = decisionOf(report, track)
    if (decision === undefined) continue
    const name = formatCodec(track)
    const target = targetOf(decision)
    const fate = target === '' ? (decision.action === 'copy' ? 'copied' : `${name} left out`) : `${name} → ${target}`
    const isEncoded = target !== '' && track.kind !== 'text'
    const lacksEncoder = isEncoded && report.encoder?.isAvailable === false
    const why = lacksEncoder
      ? ', which needs ffmpeg on the server'
      : isEncoded
        ? `, because this browser does not play ${name}`
        : ''
    const words = `${KINDS[track.kind] ?? track.kind} ${fate}${why}`
    counts.set(words, (counts.get(words) ?? 0) + 1)
  }
  const parts = [...counts].map(([words, count]) => (count === 1 ? words : `${count} × ${lower(words)}`))
  return parts.length === 0 ? '' : `${parts.map((part, i) => (i === 0 ? part : lower(part))).join('; ')}.`
}

/** Cards of a film's tracks: what each is, and what becomes of it in this browser, with the reason. */
export function trackCards(report: FilmReport): HTMLElement[] {
  return report.tracks.map(track => {
    const decision = decisionOf(report, track)
    const card = element('li', 'track')
    const head = element('div', 'track-head')
    head.append(element('span', 'track-kind', KINDS[track.kind] ?? track.kind))
    if (track.language !== 'und') head.append(element('span', 'track-language', languageName(track.language)))
    if (track.isForced) head.append(element('span', 'track-language', 'forced'))
    if (decision !== undefined) head.append(badge(decision, report))
    card.append(head)
    const title = track.title === undefined || track.title === '' ? '' : ` · ${track.title}`
    const target = decision === undefined ? '' : targetOf(decision)
    card.append(element('p', 'track-codec', `${formatCodec(track)}${target === '' ? '' : ` → ${target}`}${title}`))
    const details = formatTrackDetails(track)
    if (track.codecString !== undefined) details.push(track.codecString)
    if (details.length > 0) card.append(element('p', 'track-details', details.join(' · ')))
    if (decision !== undefined) card.append(element('p', 'track-reason', reasonOf(decision, report)))
    return card
  })
}

function decisionOf(report: FilmReport, track: Track): Decision | undefined {
  return report.decisions.find(candidate => candidate.trackId === track.id)
}

/** What is made of a track, where something is. */
function targetOf({ action, target }: Decision): string {
  return action === 'encode' ? (TARGETS[target ?? ''] ?? target ?? '') : ''
}

/** Why it becomes of a track what does, and what it lacks for that. */
function reasonOf({ action, target, reason }: Decision, { encoder }: FilmReport): string {
  const lacksEncoder = action === 'encode' && target !== 'webvtt' && encoder?.isAvailable === false
  return lacksEncoder && encoder.hint !== undefined ? `${reason}. ${encoder.hint}` : reason
}

function badge({ action, target }: Decision, { encoder }: FilmReport): HTMLElement {
  if (action === 'copy') return element('span', 'badge badge-copy', 'Copied')
  if (action === 'drop') return element('span', 'badge badge-drop', 'Left out')
  // Text becomes other text: no encoder is needed for it.
  return target === 'webvtt'
    ? element('span', 'badge badge-copy', 'Converted')
    : element('span', 'badge badge-encode', encoder?.isAvailable === true ? 'Encoded' : 'Needs encoding')
}

/** A sentence's first word within another one; abbreviations stay. */
function lower(words: string): string {
  return words.charAt(0).toLowerCase() + words.slice(1)
}

/** A BCP 47 tag's language in English, the page's own language; the tag itself where it has no name. */
export function languageName(tag: string): string {
  try {
    return new Intl.DisplayNames(['en'], { type: 'language' }).of(tag) ?? tag
  } catch {
    return tag
  }
}
