import type { Attributes } from './attribute-reader.js'
import { enumerated, maybeInteger, maybeQuoted, quoted, quotedList, quotedUri, tagLine } from './attributes.js'

/** EXT-X-MEDIA (RFC 8216bis §4.4.6.1): a rendition that goes with variants. */
export interface MediaRendition {
  readonly type: 'AUDIO' | 'VIDEO' | 'SUBTITLES' | 'CLOSED-CAPTIONS'
  readonly groupId: string
  /** For people; made unique within the group where it isn't. */
  readonly name: string
  /** BCP 47; `und` where it isn't known. */
  readonly language: string
  /** BCP 47: another language in which it is used, as written against spoken. */
  readonly assocLanguage?: string | undefined
  /** At most one of a group; a second one is written as not default. */
  readonly isDefault?: boolean | undefined
  /** May be chosen by the system's language; a default one always is. */
  readonly isAutoselect?: boolean | undefined
  /** Subtitles only. */
  readonly isForced?: boolean | undefined
  /** Closed captions only, and needed there: `CC1` to `CC4`, or `SERVICE1` to `SERVICE63`. */
  readonly instreamId?: string | undefined
  /** Audio: how many channels, and what follows in CHANNELS, as `16/JOC`. */
  readonly channels?: string | undefined
  /** Audio: bits per sample, and samples per second. */
  readonly bitDepth?: number | undefined
  readonly sampleRate?: number | undefined
  /** Uniform type identifiers, as `public.accessibility.describes-video`. */
  readonly characteristics?: readonly string[] | undefined
  /** The same in every playlist that has it. */
  readonly stableId?: string | undefined
  /** Its media playlist; without one it is in the variants' own segments. Closed captions have none. */
  readonly uri?: string | undefined
}

const TYPES = ['AUDIO', 'VIDEO', 'SUBTITLES', 'CLOSED-CAPTIONS'] as const

/** What is known of the groups that renditions are in: names are unique in each, and one is the default. */
export class RenditionGroups {
  readonly #groups = new Map<string, { readonly names: Map<string, number>; hasDefault: boolean }>()

  /** Takes a rendition, and tells under which name and whether as default it can be in its group. */
  admit({ type, groupId, name, isDefault }: MediaRendition): { readonly name: string; readonly isDefault: boolean } {
    const key = groupKey(type, groupId)
    const group = this.#groups.get(key) ?? { names: new Map<string, number>(), hasDefault: false }
    this.#groups.set(key, group)
    const admitted = { name: uniqueName(name, group.names), isDefault: isDefault === true && !group.hasDefault }
    group.hasDefault ||= admitted.isDefault
    return admitted
  }

  has(type: MediaRendition['type'], groupId: string): boolean {
    return this.#groups.has(groupKey(type, groupId))
  }
}

function groupKey(type: string, groupId: string): string {
  return `${type} ${groupId}`
}

/** The name as it is shown, with a number where another one of the group has it already. */
function uniqueName(name: string, taken: Map<string, number>): string {
  const plain = quoted(name).slice(1, -1)
  let unique = plain
  let n = taken.get(plain) ?? 1
  // The number goes on from the last one, so that many of one name take linear time.
  while (taken.has(unique)) unique = `${plain} (${++n})`
  taken.set(plain, n)
  if (unique !== plain) taken.set(unique, 1)
  return unique
}

/** The EXT-X-MEDIA tag with its line end. */
export function mediaTag(rendition: MediaRendition, { name, isDefault }: ReturnType<RenditionGroups['admit']>): string {
  const isCaptions = rendition.type === 'CLOSED-CAPTIONS'
  const { assocLanguage, instreamId, uri } = rendition
  return tagLine('EXT-X-MEDIA', [
    ['TYPE', rendition.type],
    ['GROUP-ID', quoted(rendition.groupId)],
    ['NAME', quoted(name)],
    ['LANGUAGE', quoted(rendition.language || 'und')],
    ['ASSOC-LANGUAGE', maybeQuoted(assocLanguage)],
    ['DEFAULT', isDefault ? 'YES' : 'NO'],
    // §4.4.6.1: a default rendition's AUTOSELECT, where present, must be YES
    ['AUTOSELECT', isDefault || rendition.isAutoselect ? 'YES' : 'NO'],
    ['FORCED', rendition.type === 'SUBTITLES' && rendition.isForced ? 'YES' : undefined],
    ['INSTREAM-ID', isCaptions && instreamId !== undefined ? quoted(enumerated(instreamId)) : undefined],
    ['BIT-DEPTH', maybeInteger(rendition.bitDepth)],
    ['SAMPLE-RATE', maybeInteger(rendition.sampleRate)],
    ['CHARACTERISTICS', quotedList(rendition.characteristics)],
    ['CHANNELS', maybeQuoted(rendition.channels)],
    ['STABLE-RENDITION-ID', maybeQuoted(rendition.stableId)],
    ['URI', uri === undefined || isCaptions ? undefined : quotedUri(uri)],
  ])
}

/** Reads EXT-X-MEDIA; `undefined` without a TYPE that is known. */
export function readMedia(attributes: Attributes, add: (message: string) => void): MediaRendition | undefined {
  const type = attributes.enumerated('TYPE', TYPES)
  if (type === undefined) {
    if (!attributes.has('TYPE')) add(`EXT-X-MEDIA needs TYPE: one of ${TYPES.join(', ')}.`)
    return undefined
  }
  const groupId = attributes.needed('GROUP-ID') ?? ''
  const language = attributes.string('LANGUAGE')
  const rendition: MediaRendition = {
    type,
    groupId,
    name: attributes.needed('NAME') ?? (language || groupId || type),
    language: language || 'und',
    assocLanguage: attributes.string('ASSOC-LANGUAGE'),
    isDefault: attributes.yes('DEFAULT'),
    isAutoselect: attributes.yes('AUTOSELECT'),
    isForced: attributes.yes('FORCED'),
    instreamId: attributes.string('INSTREAM-ID'),
    bitDepth: attributes.integer('BIT-DEPTH'),
    sampleRate: attributes.integer('SAMPLE-RATE'),
    characteristics: attributes.list('CHARACTERISTICS'),
    channels: attributes.string('CHANNELS'),
    stableId: attributes.string('STABLE-RENDITION-ID'),
    uri: attributes.string('URI'),
  }
  checkRendition(rendition, attributes, add)
  return rendition
}

/** §4.4.6.1: which attributes go with which. */
function checkRendition(rendition: MediaRendition, attributes: Attributes, add: (message: string) => void): void {
  const { type, instreamId, uri } = rendition
  if (type === 'CLOSED-CAPTIONS') {
    if (uri !== undefined) add('EXT-X-MEDIA: closed captions have no URI.')
    if (instreamId === undefined || !/^(?:CC[1-4]|SERVICE(?:[1-9]|[1-5]\d|6[0-3]))$/.test(instreamId)) {
      add('EXT-X-MEDIA: closed captions need INSTREAM-ID: CC1 to CC4, or SERVICE1 to SERVICE63.')
    }
  } else if (type === 'SUBTITLES' && uri === undefined) add('EXT-X-MEDIA: subtitles need a URI.')
  if (type !== 'SUBTITLES' && attributes.has('FORCED')) add('EXT-X-MEDIA: FORCED is for subtitles only.')
  if (rendition.isDefault && attributes.has('AUTOSELECT') && !rendition.isAutoselect) {
    add('EXT-X-MEDIA: AUTOSELECT must be YES where DEFAULT is.')
  }
}
