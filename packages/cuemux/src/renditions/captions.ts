import type { TextRenditionPlan } from '@cuemux/planner'
import { type CaptionChannel, type CaptionTrack, readCaptions, type TextCue } from '@cuemux/text'
import type { PlannedFilm } from '../planned-film.js'
import type { SegmentSamples } from '../segment-samples.js'
import { WebVttRendition } from './text.js'

/** One channel of the closed captions in a picture or a track of their own, as WebVTT. */
export class CaptionRendition extends WebVttRendition {
  readonly channel: CaptionChannel
  /** BCP 47: of a track of captions; those in a picture don't say. */
  readonly language: string
  readonly #track: CaptionTrack
  readonly #samples: SegmentSamples

  constructor(
    film: PlannedFilm,
    channel: CaptionChannel,
    extent: Pick<TextRenditionPlan, 'startUs' | 'durationsUs'>,
    track: CaptionTrack,
    samples: SegmentSamples,
  ) {
    super(film, captionName(channel, track), extent)
    this.channel = channel
    this.language = track.kind === 'text' ? track.language : 'und'
    this.#track = track
    this.#samples = samples
  }

  /** From the segment's own samples and those of the one before, in which a caption is loaded. */
  protected async cues(n: number, signal: AbortSignal | undefined): Promise<readonly TextCue[]> {
    const before = n > 0 ? await this.#samples.readCaptions(n - 1, this.#track.id, signal) : []
    const own = await this.#samples.readCaptions(n, this.#track.id, signal)
    const [fromUs, toUs] = [this.boundsUs[n], this.boundsUs[n + 1]]
    const cues = await readCaptions({ track: this.#track, batches: [...before, ...own], fromUs, toUs })
    return cues.get(this.channel) ?? []
  }

  protected async allCues(signal: AbortSignal | undefined): Promise<TextCue[]> {
    const all: TextCue[] = []
    for (let n = 0; n + 1 < this.boundsUs.length; n++) {
      for (const cue of await this.cues(n, signal)) {
        const last = all.at(-1)
        // A caption over a boundary is there in both segments, cut at it.
        if (last?.payload === cue.payload && last.endUs === cue.startUs)
          all[all.length - 1] = { ...last, endUs: cue.endUs }
        else all.push(cue)
      }
    }
    return all
  }
}

/** The rendition's name: `captions-cc1`, `captions-service1`; of a track of captions `captions-3-cc1`. */
function captionName(channel: CaptionChannel, { kind, id }: CaptionTrack): string {
  return `captions-${kind === 'text' ? `${id}-` : ''}${channel.toLowerCase()}`
}
