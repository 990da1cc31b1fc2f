import { CuemuxError, rescale, type SampleBatch, type TextTrack } from '@cuemux/core'
import { assCue, eventOfBlock } from './ass-event.js'
import { type AssHeader, parseAssHeader } from './ass-style.js'
import { completeCues, type DraftCue, joinEqual, MAX_CUE_INPUT, MAX_CUES, type TextCue } from './cue.js'
import { decodeText } from './decode-text.js'
import { srtText } from './srt-text.js'
import { tx3gText } from './tx3g.js'
import { matroskaCue, wvttCues } from './wvtt.js'

/** The cues of one sample; their times are set by the caller. */
type SampleReader = (data: Uint8Array, index: number) => readonly Untimed[]
type Untimed = Omit<DraftCue, 'startUs' | 'endUs'>

const READABLE: ReadonlySet<string> = new Set(['srt', 'ass', 'webvtt', 'tx3g'])
const EMPTY = new Uint8Array()

/** Whether a subtitle track is text that {@link readTextSamples} reads; pictures (PGS, VobSub, DVB) are not. */
export function isReadableText(track: TextTrack): boolean {
  return READABLE.has(track.codec)
}

/**
 * The cues in samples of a subtitle track, in order of their start. A sample is shown for its duration; where that is
 * 0, until the next cue that starts later, 5 s at most. Samples without text (gaps, drawings) give no cue; equal texts
 * that touch or overlap are one cue, as layered ASS lines and the pieces of a `wvtt` cue are. What is broken within a
 * sample is dropped.
 *
 * @param track of codec `srt`, `ass` (header in its configuration), `webvtt` or `tx3g`
 * @param batch samples of that track; their `additions` are settings and identifiers of `S_TEXT/WEBVTT`
 * @throws CuemuxError `UNSUPPORTED_CODEC` for a track of pictures or of an unknown codec
 */
export function readTextSamples(track: TextTrack, batch: SampleBatch): TextCue[] {
  const read = readerOf(track, batch)
  const drafts: DraftCue[] = []
  for (let i = 0; i < batch.count && drafts.length < MAX_CUES; i++) {
    const start = batch.dts[i]! + batch.compositionOffset[i]!
    const startUs = rescale(start, batch.timescale, 1e6)
    const endUs = rescale(start + batch.duration[i]!, batch.timescale, 1e6)
    for (const cue of read(cut(batch.data[i] ?? EMPTY), i)) drafts.push({ ...cue, startUs, endUs })
  }
  return joinEqual(completeCues(drafts))
}

function readerOf(track: TextTrack, batch: SampleBatch): SampleReader {
  const { language } = track
  const textOf = (data: Uint8Array): string => decodeText(data, { language }).text
  switch (track.codec) {
    case 'srt':
      return data => [srtText(textOf(data))]
    case 'ass': {
      const header = headerOf(track.descriptions[batch.descriptionIndex]?.config ?? track.descriptions[0].config)
      return data => [assCue({ ...eventOfBlock(textOf(data)), startUs: 0, endUs: 0 }, header)]
    }
    case 'webvtt':
      if (track.containerCodec === 'wvtt') return wvttCues
      return (data, i) => [matroskaCue(textOf(data), textOf(cut(batch.additions?.[i] ?? EMPTY)))]
    case 'tx3g': {
      const options = track.containerCodec === 'text' ? { language, encoding: 'macintosh' } : { language }
      return data => {
        const { payload, isForced } = tx3gText(data, options)
        return [isForced ? { payload, forced: true } : { payload }]
      }
    }
    default:
      throw new CuemuxError('UNSUPPORTED_CODEC', `Subtitles of codec ${track.codec} are not text.`, {
        hint: 'isReadableText tells which tracks can be read.',
      })
  }
}

/** Headers that were read: one a track, asked for with every batch. */
const headers = new WeakMap<Uint8Array, AssHeader>()

function headerOf(config: Uint8Array): AssHeader {
  let header = headers.get(config)
  if (header === undefined) {
    header = parseAssHeader(decodeText(config).text)
    headers.set(config, header)
  }
  return header
}

/** The beginning of a sample, as much as is looked at. A multiple of four bytes: no UTF-16 character is cut. */
function cut(data: Uint8Array): Uint8Array {
  if (data.length <= MAX_CUE_INPUT) return data
  let end = MAX_CUE_INPUT
  while (end > MAX_CUE_INPUT - 4 && (data[end]! & 0xc0) === 0x80) end--
  return data.subarray(0, end)
}
