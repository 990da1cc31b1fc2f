import type { Findings } from './findings.js'

/** Attributes of a tag, without their quotes. */
export type Attributes = Readonly<Record<string, string>>

/** A media segment as its playlist names it. */
export interface SegmentEntry {
  readonly path: string
  readonly seconds: number
}

/** A media playlist. */
export interface MediaPlaylist {
  readonly path: string
  readonly tags: ReadonlyMap<string, string>
  readonly map: string | undefined
  readonly segments: readonly SegmentEntry[]
  readonly targetSeconds: number
}

/** A multivariant playlist. */
export interface MasterPlaylist {
  readonly tags: ReadonlyMap<string, string>
  readonly variants: readonly { readonly path: string; readonly attributes: Attributes }[]
  readonly media: readonly Attributes[]
}

/** A path relative to the playlist that names it. */
export function resolvePath(base: string, reference: string): string {
  return new URL(reference, new URL(base, 'file:///')).pathname.slice(1)
}

function readAttributes(text: string): Attributes {
  const pairs = [...text.matchAll(/([A-Z0-9-]+)=(?:"([^"]*)"|([^,]*))/g)]
  return Object.fromEntries(pairs.map(([, name, quoted, plain]) => [name, quoted ?? plain]))
}

/** RFC 8216bis §4.1: a line is blank, a tag, a comment or a URI. */
function readLines(text: string, path: string, findings: Findings): { name: string; value: string }[] {
  const lines = text.split(/\r?\n/)
  findings.expect(lines[0] === '#EXTM3U', 'EXTM3U is the first line', path)
  return lines
    .slice(1)
    .filter(line => line !== '')
    .map(line => {
      if (!line.startsWith('#')) return { name: 'URI', value: line }
      const colon = line.indexOf(':')
      return colon < 0
        ? { name: line.slice(1), value: '' }
        : { name: line.slice(1, colon), value: line.slice(colon + 1) }
    })
}

/** Reads a multivariant playlist and checks what RFC 8216bis §4.4.6 asks of it. */
export function readMaster(text: string, path: string, findings: Findings): MasterPlaylist {
  const tags = new Map<string, string>()
  const variants: { path: string; attributes: Attributes }[] = []
  const media: Attributes[] = []
  let pending: Attributes | undefined
  for (const { name, value } of readLines(text, path, findings)) {
    if (name === 'EXT-X-STREAM-INF') pending = readAttributes(value)
    else if (name === 'EXT-X-MEDIA') media.push(readAttributes(value))
    else if (name !== 'URI') tags.set(name, value)
    else if (findings.expect(pending !== undefined, 'a URI follows its STREAM-INF', value) && pending !== undefined) {
      variants.push({ path: resolvePath(path, value), attributes: pending })
      pending = undefined
    }
  }
  const master = { tags, variants, media }
  checkMaster(master, findings)
  return master
}

function checkMaster({ variants, media }: MasterPlaylist, findings: Findings): void {
  findings.expect(variants.length > 0, 'the master has variants', '')
  for (const { path, attributes } of variants) {
    for (const name of ['BANDWIDTH', 'AVERAGE-BANDWIDTH', 'CODECS']) {
      findings.expect(attributes[name] !== undefined, `STREAM-INF has ${name}`, path)
    }
    const rate = attributes['FRAME-RATE']
    findings.expect(
      rate === undefined || /^\d+\.\d{3}$/.test(rate),
      'FRAME-RATE has three decimals',
      `${path}: ${rate}`,
    )
    const group = attributes.AUDIO
    findings.expect(
      group === undefined || media.some(entry => entry['GROUP-ID'] === group),
      'the audio group exists',
      `${path}: ${group}`,
    )
  }
  for (const group of new Set(media.map(entry => `${entry.TYPE} ${entry['GROUP-ID']}`))) {
    const members = media.filter(entry => `${entry.TYPE} ${entry['GROUP-ID']}` === group)
    const names = members.map(entry => entry.NAME)
    findings.expect(new Set(names).size === names.length, 'NAME is unique in its group', `${group}: ${names}`)
    findings.expect(members.filter(entry => entry.DEFAULT === 'YES').length <= 1, 'a group has one DEFAULT', group)
  }
  for (const entry of media) {
    findings.expect(entry.LANGUAGE !== undefined, 'EXT-X-MEDIA has LANGUAGE', String(entry.NAME))
    findings.expect(entry.TYPE !== 'AUDIO' || entry.CHANNELS !== undefined, 'audio has CHANNELS', String(entry.NAME))
  }
}

/** Reads a media playlist and checks what RFC 8216bis §4.4.3 and §4.4.4 ask of a finished one. */
export function readMedia(text: string, path: string, findings: Findings): MediaPlaylist {
  const tags = new Map<string, string>()
  const segments: SegmentEntry[] = []
  let map: string | undefined
  let seconds = Number.NaN
  for (const { name, value } of readLines(text, path, findings)) {
    if (name === 'EXTINF') seconds = Number.parseFloat(value)
    else if (name === 'EXT-X-MAP') map = resolvePath(path, readAttributes(value).URI ?? '')
    else if (name !== 'URI') tags.set(name, value)
    else {
      findings.expect(seconds > 0, 'EXTINF is positive', `${path}: ${seconds} for ${value}`)
      segments.push({ path: resolvePath(path, value), seconds })
      seconds = Number.NaN
    }
  }
  const playlist = { path, tags, map, segments, targetSeconds: Number(tags.get('EXT-X-TARGETDURATION')) }
  checkMedia(playlist, findings)
  return playlist
}

function checkMedia({ path, tags, map, segments, targetSeconds }: MediaPlaylist, findings: Findings): void {
  const longest = Math.max(0, ...segments.map(segment => segment.seconds))
  findings.expect(segments.length > 0, 'the playlist has segments', path)
  findings.expect(map !== undefined, 'the playlist has EXT-X-MAP', path)
  findings.expect(tags.has('EXT-X-ENDLIST'), 'the playlist has ENDLIST', path)
  findings.expect(tags.get('EXT-X-PLAYLIST-TYPE') === 'VOD', 'PLAYLIST-TYPE is VOD', path)
  findings.expect(Number(tags.get('EXT-X-VERSION')) >= 6, 'VERSION is at least 6', path)
  findings.expect(Number.isInteger(targetSeconds) && targetSeconds > 0, 'TARGETDURATION is an integer', path)
  findings.expect(Math.round(longest) <= targetSeconds, 'TARGETDURATION covers every EXTINF', `${path}: ${longest}`)
  findings.expect(longest <= targetSeconds + 0.5, 'segments stay within target + 0.5 s', `${path}: ${longest}`)
}
