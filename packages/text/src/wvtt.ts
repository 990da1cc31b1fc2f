import { readBoxes } from './boxes.js'
import type { TextCue } from './cue.js'
import { cleanId, cleanSettings } from './settings.js'
import { webVttText } from './webvtt-text.js'

/** A cue but for its times. */
export type UntimedCue = Pick<TextCue, 'payload' | 'settings' | 'id'>

/** The parts of a cue as WebVTT has them, made safe. */
export function untimedCue(text: string, settings: string, id: string): UntimedCue {
  const cleanedSettings = cleanSettings(settings)
  const cleanedId = cleanId(id)
  return {
    payload: webVttText(text),
    ...(cleanedSettings === undefined ? {} : { settings: cleanedSettings }),
    ...(cleanedId === undefined ? {} : { id: cleanedId }),
  }
}

/** The cues of a `wvtt` sample (ISO/IEC 14496-30 §7.4): each `vttc` is one; `vtte` and `vtta` show nothing. */
export function wvttCues(sample: Uint8Array): UntimedCue[] {
  return readBoxes(sample)
    .filter(({ type }) => type === 'vttc')
    .map(({ payload }) => {
      const parts = new Map(readBoxes(payload).map(box => [box.type, new TextDecoder().decode(box.payload)]))
      return untimedCue(parts.get('payl') ?? '', parts.get('sttg') ?? '', parts.get('iden') ?? '')
    })
}

/**
 * The cue of a Matroska block: the text, with settings, identifier and comments as lines of its BlockAdditional 1
 * (Matroska codec specifications, S_TEXT/WEBVTT). Demuxers give WebM's D_WEBVTT in that form, too.
 */
export function matroskaCue(block: string, addition: string): UntimedCue {
  const [settings = '', id = ''] = addition.slice(0, 2000).split(/\r\n?|\n/)
  return untimedCue(block, settings, id)
}
