import { CuemuxError } from '@cuemux/core'
import type { DashManifest, DashPeriod } from './mpd-model.js'
import { adaptationSets } from './mpd-sets.js'
import { DashAddresses, longestSegmentUs } from './mpd-timeline.js'
import { durationText, element, textElement } from './xml.js'

/** ISO/IEC 23009-1 §8.4 (live, which is the profile of templates) and §8.12 (CMAF). */
const PROFILES = 'urn:mpeg:dash:profile:isoff-live:2011,urn:mpeg:dash:profile:cmaf:2019'

/**
 * Writes a static MPD (ISO/IEC 23009-1) over fMP4 segments: segment times exact in ticks, renditions between which a
 * player may switch in one AdaptationSet, sound of each language, codec, channel layout and role in one of its own.
 *
 * @throws CuemuxError `BAD_REQUEST` for a time that is no whole number, or an id that is no id or there twice in a period
 */
export function writeMpd(manifest: DashManifest): string {
  const { durationUs, title, periods } = manifest
  const addresses = new DashAddresses(manifest.query)
  const longestUs = Math.max(0, ...periods.map(longestOfPeriod))
  const hasScte = periods.some(period => renditionsOf(period).some(one => one.supplementalCodecs !== undefined))
  const mpd = element(
    'MPD',
    {
      xmlns: 'urn:mpeg:dash:schema:mpd:2011',
      'xmlns:scte214': hasScte ? 'urn:scte:dash:scte214-extensions' : undefined,
      profiles: PROFILES,
      type: 'static',
      mediaPresentationDuration: durationText(durationUs),
      maxSegmentDuration: longestUs > 0 ? durationText(longestUs) : undefined,
      minBufferTime: durationText(manifest.minBufferUs ?? (longestUs > 0 ? longestUs : 2_000_000)),
    },
    [
      ...(title === undefined ? [] : [element('ProgramInformation', {}, [textElement('Title', title)])]),
      ...periods.map((period, i) => writePeriod(period, i, addresses)),
    ],
  )
  return `<?xml version="1.0" encoding="UTF-8"?>\n${mpd}\n`
}

function writePeriod(period: DashPeriod, i: number, addresses: DashAddresses): string {
  checkIds(period)
  const start = period.startUs ?? (i === 0 ? 0 : undefined)
  return element(
    'Period',
    {
      id: period.id ?? String(i),
      start: start === undefined ? undefined : durationText(start),
      duration: period.durationUs === undefined ? undefined : durationText(period.durationUs),
    },
    adaptationSets(period, addresses),
  )
}

function renditionsOf({ video = [], audio = [] }: DashPeriod): (typeof video | typeof audio)[number][] {
  return [...video, ...audio]
}

function longestOfPeriod(period: DashPeriod): number {
  return renditionsOf(period).reduce((longest, { timeline }) => Math.max(longest, longestSegmentUs(timeline)), 0)
}

/** §5.3.5.2: an id has no blanks, and is unique in its period; in an address it is a part of the path. */
function checkIds(period: DashPeriod): void {
  const taken = new Set<string>()
  for (const { id } of [...renditionsOf(period), ...(period.text ?? []), ...(period.images ?? [])]) {
    if (!/^[A-Za-z0-9._~-]+$/.test(id)) {
      throw new CuemuxError(
        'BAD_REQUEST',
        `"${id}" is no id; it has letters, digits, dots, hyphens, tildes and low lines.`,
      )
    }
    if (taken.has(id)) throw new CuemuxError('BAD_REQUEST', `The id ${id} is there twice in a period.`)
    taken.add(id)
  }
}
