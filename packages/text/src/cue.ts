/** A text that is shown for a while: a WebVTT cue. Times are on the film's own clock, as those of samples are. */
export interface TextCue {
  /** When it is shown first, µs; may be below zero. */
  readonly startUs: number
  /** When it is shown no more, µs; greater than `startUs`. */
  readonly endUs: number
  /**
   * WebVTT cue text (W3C WebVTT §4.2.2), safe as it is: tags of WebVTT alone, nested and closed; everything else is
   * escaped, no NUL, no blank line, no `-->`, 64 KiB at most. Never empty.
   */
  readonly payload: string
  /** WebVTT cue settings as written behind the times, `line:0 align:start`; known settings with valid values only. */
  readonly settings?: string
  /** The source's name of the cue, one line without `-->`. */
  readonly id?: string
  /** Meant to be shown even when subtitles are off. */
  readonly forced?: true
}

/** Longest input of one cue that is looked at, bytes or characters; what follows is cut off. */
export const MAX_CUE_INPUT: number = 64 * 1024
/** Most cues that are taken from one batch or file. */
export const MAX_CUES = 200_000

/** Shown so long when nothing tells how long, and nothing follows sooner: 5 s. */
const DEFAULT_LENGTH_US = 5_000_000
/** 30 days: whatever lies further from zero is no time of a film, and would be written inexactly. */
const MAX_TIME_US = 30 * 86_400 * 1e6

/** A cue whose end may be missing: not after its start. */
export interface DraftCue extends TextCue {
  /** Not after `startUs` where the source doesn't tell. */
  readonly endUs: number
}

/**
 * Cues in order of their start, those without an end shown until the next one that starts later, 5 s at most. Cues
 * without text, or at impossible times, are dropped.
 */
export function completeCues(drafts: readonly DraftCue[]): TextCue[] {
  const sorted = drafts.filter(isPossible).sort((a, b) => a.startUs - b.startUs)
  const cues: TextCue[] = new Array(sorted.length)
  let nextStart = Number.POSITIVE_INFINITY
  for (let i = sorted.length - 1; i >= 0; i--) {
    const cue = sorted[i]!
    const following = sorted[i + 1]
    if (following !== undefined && following.startUs > cue.startUs) nextStart = following.startUs
    cues[i] = cue.endUs > cue.startUs ? cue : { ...cue, endUs: Math.min(nextStart, cue.startUs + DEFAULT_LENGTH_US) }
  }
  return cues
}

function isPossible(cue: DraftCue): boolean {
  return cue.payload !== '' && Math.abs(cue.startUs) < MAX_TIME_US && Math.abs(cue.endUs) < MAX_TIME_US
}

/**
 * Cues of equal text that touch or overlap, as one: layers of one line (outline, shadow, fill), a sign that moves from
 * picture to picture, a cue that a container has cut in pieces. The first one's settings stay.
 *
 * @param cues in order of their start
 */
export function joinEqual(cues: readonly TextCue[]): TextCue[] {
  const joined: TextCue[] = []
  const last = new Map<string, number>()
  for (const cue of cues) {
    const at = last.get(cue.payload)
    const before = at === undefined ? undefined : joined[at]
    if (at !== undefined && before !== undefined && cue.startUs <= before.endUs) {
      if (cue.endUs > before.endUs) joined[at] = { ...before, endUs: cue.endUs }
      continue
    }
    last.set(cue.payload, joined.length)
    joined.push(cue)
  }
  return joined
}
