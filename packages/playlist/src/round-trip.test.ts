import { CuemuxError } from '@cuemux/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type MediaPlaylist,
  type MultivariantPlaylist,
  parsePlaylist,
  writeMediaPlaylist,
  writeMultivariantPlaylist,
} from './index.js'

// Models in the form in which they are read: nothing that is said by default, no list without anything in it.

/** A text that can stand between quotes. */
const text = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  .map(value => value.replace(/["\u0000-\u001f\u007f\u0085\u2028\u2029{]/g, '').trim() || 'x')
const word = fc.stringMatching(/^[A-Za-z0-9._-]{1,12}$/)
const uri = fc.stringMatching(/^[a-z0-9/][a-z0-9/._?&=%#-]{0,20}$/)
const count = fc.nat({ max: Number.MAX_SAFE_INTEGER })
const some = fc.nat({ max: 2 ** 40 })
const us = fc.nat({ max: 2 ** 45 })
const date = fc.integer({ min: 0, max: 4e12 })
const flag = fc.constant(true)
const size = fc.record({ width: fc.nat(9999), height: fc.nat(9999) })
const hex = fc.stringMatching(/^0x[0-9A-F]{1,32}$/)

/** A record of which any but the named fields may be missing. */
function maybe<T extends object, K extends keyof T & string>(
  fields: { [P in keyof T]: fc.Arbitrary<T[P]> },
  requiredKeys: K[],
): fc.Arbitrary<Partial<T> & Pick<T, K>> {
  return fc.record(fields, { requiredKeys }) as fc.Arbitrary<Partial<T> & Pick<T, K>>
}

function list<T>(item: fc.Arbitrary<T>): fc.Arbitrary<T[]> {
  return fc.array(item, { minLength: 1, maxLength: 4 })
}

const byteRange = fc.record({ lengthBytes: some, offsetBytes: some })
const map = maybe({ uri, byteRange }, ['uri'])
const key = fc.oneof(
  fc.constant({ method: 'NONE' }),
  maybe({ method: fc.constant('AES-128'), uri, iv: hex, keyFormat: text, keyFormatVersions: word }, ['method', 'uri']),
)
const part = maybe({ uri, durationUs: us, byteRange, isIndependent: flag, isGap: flag }, ['uri', 'durationUs'])
const tiles = fc.record({ resolution: size, columns: fc.nat(99), rows: fc.nat(99), tileDurationUs: us })
const segmentTags = {
  isDiscontinuity: flag,
  keys: list(key),
  map,
  programDateTimeMs: date,
  bitrateKbps: count,
  isGap: flag,
  tiles,
  parts: list(part),
}
const segment = maybe({ ...segmentTags, uri, durationUs: us, title: text, byteRange }, ['uri', 'durationUs'])
const start = maybe({ offsetMs: fc.integer({ min: -1e9, max: 1e9 }), isPrecise: flag }, ['offsetMs'])
const definition = maybe({ name: word, value: text }, ['name', 'value'])
const dateRange = maybe(
  {
    id: text,
    startDateMs: date,
    class: text,
    endDateMs: date,
    durationUs: us,
    plannedDurationUs: us,
    endsOnNext: flag,
    cue: fc.constant(['PRE', 'ONCE']),
    scte35Out: hex,
    attributes: fc.record({ 'X-A': text, 'X-B': fc.integer(), 'X-C': hex }),
  },
  ['id', 'startDateMs'],
)
const media: fc.Arbitrary<MediaPlaylist> = maybe(
  {
    targetDuration: fc.constant(2 ** 30),
    segments: fc.array(segment, { maxLength: 6 }),
    version: fc.integer({ min: 1, max: 12 }),
    type: fc.constantFrom('VOD' as const, 'EVENT' as const),
    mediaSequence: fc.integer({ min: 1, max: 1e15 }),
    discontinuitySequence: fc.integer({ min: 1, max: 1e9 }),
    hasIndependentSegments: flag,
    isIFramesOnly: flag,
    isImagesOnly: flag,
    map,
    start,
    definitions: fc.uniqueArray(definition, { selector: ({ name }) => name, minLength: 1, maxLength: 3 }),
    dateRanges: list(dateRange),
    serverControl: maybe({ canBlockReload: flag, canSkipUntilUs: us, canSkipDateRanges: flag, holdBackUs: us }, [
      'holdBackUs',
    ]),
    partTargetUs: us,
    skip: maybe({ skippedSegments: count, removedDateRanges: list(word) }, ['skippedSegments']),
    next: maybe({ ...segmentTags, isDiscontinuity: flag }, ['isDiscontinuity']),
    preloadHints: list(
      maybe({ type: fc.constantFrom('PART' as const, 'MAP' as const), uri, offsetBytes: count, lengthBytes: count }, [
        'type',
        'uri',
      ]),
    ),
    renditionReports: list(maybe({ uri, lastSegment: count, lastPart: count }, ['uri'])),
    isEnded: flag,
  },
  ['targetDuration', 'segments', 'version'],
)
  .map(({ segments, ...playlist }) => {
    const [first, ...rest] = segments
    const opened = first && { ...first, isDiscontinuity: true, programDateTimeMs: 0 }
    return { ...playlist, segments: opened ? [opened, ...rest] : [] }
  })
  .filter(({ segments, dateRanges }) => segments.length > 0 || dateRanges === undefined) as fc.Arbitrary<MediaPlaylist>

const facts = {
  uri,
  bandwidthBps: count,
  averageBandwidthBps: count,
  codecs: fc.array(word, { maxLength: 3 }),
  supplementalCodecs: list(word),
  resolution: size,
  videoRange: fc.constantFrom('SDR' as const, 'HLG' as const, 'PQ' as const),
  hdcpLevel: fc.constant('TYPE-0'),
  score: fc.nat(1000).map(value => value / 8),
  stableId: word,
  pathwayId: word,
}
const multivariant: fc.Arbitrary<MultivariantPlaylist> = maybe(
  {
    version: fc.integer({ min: 1, max: 12 }),
    variants: list(
      maybe({ ...facts, frameRate: fc.nat(120_000).map(value => value / 1000), name: text }, [
        'uri',
        'bandwidthBps',
        'codecs',
      ]),
    ),
    renditions: fc.uniqueArray(
      maybe(
        {
          type: fc.constantFrom('AUDIO' as const, 'VIDEO' as const),
          groupId: word,
          name: text,
          language: word,
          assocLanguage: word,
          isAutoselect: flag,
          channels: word,
          bitDepth: count,
          sampleRate: count,
          characteristics: list(word),
          stableId: word,
          uri,
        },
        ['type', 'groupId', 'name', 'language'],
      ),
      { selector: ({ name }) => name, minLength: 1, maxLength: 5 },
    ),
    iFrameStreams: list(maybe(facts, ['uri', 'bandwidthBps', 'codecs'])),
    imageStreams: list(
      maybe({ uri, bandwidthBps: count, codecs: list(word), resolution: size }, ['uri', 'bandwidthBps', 'codecs']),
    ),
    sessionData: list(
      fc.oneof(
        maybe({ dataId: word, value: text, language: word }, ['dataId', 'value']),
        maybe({ dataId: word, uri, format: fc.constantFrom('JSON' as const, 'RAW' as const) }, ['dataId', 'uri']),
      ),
    ),
    sessionKeys: list(key),
    contentSteering: maybe({ serverUri: uri, pathwayId: word }, ['serverUri']),
    definitions: fc.uniqueArray(definition, { selector: ({ name }) => name, minLength: 1, maxLength: 3 }),
    hasIndependentSegments: flag,
    start,
  },
  ['variants', 'version'],
) as fc.Arbitrary<MultivariantPlaylist>

describe('what is written is read', () => {
  it('media playlists', () => {
    fc.assert(
      fc.property(media, playlist => {
        const { problems, unknownTags, kind, ...read } = parsePlaylist(writeMediaPlaylist(playlist), { strict: true })
        expect(kind).toBe('media')
        expect([...problems, ...unknownTags]).toEqual([])
        expect(read).toEqual(playlist)
      }),
      { numRuns: 500 },
    )
  })

  it('multivariant playlists', () => {
    fc.assert(
      fc.property(multivariant, playlist => {
        const written = writeMultivariantPlaylist(playlist)
        const { problems, unknownTags, kind, ...read } = parsePlaylist(written, { strict: true })
        expect(kind).toBe('multivariant')
        expect([...problems, ...unknownTags]).toEqual([])
        expect(read).toEqual(playlist)
      }),
      { numRuns: 500 },
    )
  })
})

describe('any text at all', () => {
  const tags =
    'EXTM3U EXTINF EXT-X-VERSION EXT-X-TARGETDURATION EXT-X-MEDIA EXT-X-STREAM-INF EXT-X-KEY EXT-X-MAP EXT-X-BYTERANGE EXT-X-PART EXT-X-SKIP EXT-X-DEFINE EXT-X-DATERANGE EXT-X-TILES EXT-X-START EXT-X-PRELOAD-HINT EXT-X-PROGRAM-DATE-TIME EXT-X-SESSION-DATA __proto__ constructor'.split(
      ' ',
    )
  const attributes =
    'URI="a" BYTERANGE="5" BYTERANGE="5@1" DURATION=1 TYPE=AUDIO TYPE=PART METHOD=NONE NAME="x" VALUE="{$x}" ID="i" START-DATE="2026-01-31T20:15:00Z" RESOLUTION=1x2 LAYOUT=1x2 BANDWIDTH=1 GROUP-ID="g" DEFAULT=YES SKIPPED-SEGMENTS=9 TIME-OFFSET=-1 __proto__=1 X-A=1e9 = " ,'.split(
      ' ',
    )
  const line = fc.oneof(
    fc
      .tuple(
        fc.constantFrom(...tags),
        fc.array(fc.oneof(fc.constantFrom(...attributes), fc.string({ unit: 'binary' }))),
      )
      .map(([tag, values]) => `#${tag}:${values.join(',')}`),
    fc.constantFrom('#EXTINF:1,', '#EXTINF:99999999999999999999,', '#EXT-X-ENDLIST', 'a.ts', '{$x}', ''),
    fc.string({ unit: 'binary' }),
  )

  it('is read, or refused by a CuemuxError; what is read is written, and read as the same', () => {
    let count = 0
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), fc.boolean(), (lines, strict) => {
        try {
          const first = parsePlaylist(lines.join('\n'), { strict })
          // An empty multivariant playlist can't be told from a media playlist.
          if (first.kind === 'multivariant' && first.variants.length === 0) return
          // What a variable stood for before it was defined is written behind its definition.
          if (first.definitions) return
          const written = first.kind === 'media' ? writeMediaPlaylist(first) : writeMultivariantPlaylist(first)
          const second = parsePlaylist(written)
          expect(second.kind === 'media' ? writeMediaPlaylist(second) : writeMultivariantPlaylist(second)).toBe(written)
          count++
        } catch (error) {
          if (!(error instanceof CuemuxError)) throw error
        }
      }),
      { numRuns: 3000 },
    )
    expect(count).toBeGreaterThan(500)
  })
})
