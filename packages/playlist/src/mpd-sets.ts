import type {
  DashAudio,
  DashChoice,
  DashDescriptor,
  DashImages,
  DashPeriod,
  DashRendition,
  DashText,
  DashVideo,
} from './mpd-model.js'
import { type DashAddresses, segmentTemplate, whole } from './mpd-timeline.js'
import { element, textElement, type XmlAttributes } from './xml.js'

/** The AdaptationSets of a period (ISO/IEC 23009-1 §5.3.3): what a player may switch between is in one. */
export function adaptationSets(period: DashPeriod, addresses: DashAddresses): string[] {
  const { video = [], audio = [], text = [], images = [] } = period
  return [
    ...grouped(video, videoKey).map(set => videoSet(set, addresses)),
    ...grouped(audio, audioKey).map(set => audioSet(set, addresses)),
    ...text.map(track => textSet(track, addresses)),
    ...images.map(tiles => imageSet(tiles, addresses)),
  ]
}

type Group<T> = readonly [T, ...T[]]

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): Group<T>[] {
  const groups = new Map<string, [T, ...T[]]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group) group.push(item)
    else groups.set(keyOf(item), [item])
  }
  return [...groups.values()]
}

function videoKey(video: DashVideo): string {
  const { colour, isColourEssential, isOpenGop, isInterlaced } = video
  const codec = video.codecs.split('.', 1)[0]
  return JSON.stringify([...choiceKey(video), codec, colour, isColourEssential, isOpenGop, isInterlaced])
}

/** DASH-IF IOP §3.9: sound of another language, codec, channel layout or role is another set. */
function audioKey(audio: DashAudio): string {
  return JSON.stringify([...choiceKey(audio), audio.codecs, audio.channels, audio.hasJoc === true])
}

function choiceKey({ language, label, roles, accessibility }: DashChoice): readonly unknown[] {
  return [language, label, roles, accessibility]
}

function videoSet(set: Group<DashVideo>, addresses: DashAddresses): string {
  const [first] = set
  const attributes = {
    contentType: 'video',
    mimeType: 'video/mp4',
    lang: languageTag(first.language),
    segmentAlignment: true,
    // §4.5.3: type 3 is an open group of pictures
    startWithSAP: first.isOpenGop ? 3 : 1,
    scanType: first.isInterlaced ? 'interlaced' : undefined,
  }
  return mediaSet(set, attributes, colourDescriptors(first), addresses, video => ({
    width: whole(`${video.id}: width`, video.width, 1),
    height: whole(`${video.id}: height`, video.height, 1),
    frameRate: video.frameRate && fraction(video.frameRate, '/'),
    sar: (video.pixelAspect ?? [1, 1]).join(':'),
  }))
}

function audioSet(set: Group<DashAudio>, addresses: DashAddresses): string {
  const [first] = set
  const attributes = {
    contentType: 'audio',
    mimeType: 'audio/mp4',
    lang: languageTag(first.language),
    segmentAlignment: true,
    startWithSAP: 1,
  }
  return mediaSet(set, attributes, soundDescriptors(first), addresses, audio => ({
    audioSamplingRate: audio.sampleRate,
  }))
}

/** A set of renditions; what they have in common stands in the set. */
function mediaSet<T extends DashRendition>(
  set: Group<T>,
  attributes: XmlAttributes,
  descriptors: readonly string[],
  addresses: DashAddresses,
  facts: (rendition: T) => XmlAttributes,
): string {
  const templates = set.map(rendition => segmentTemplate(rendition, addresses))
  const common = templates.every(template => template === templates[0]) ? templates[0] : undefined
  const representations = set.map((rendition, i) => {
    const { id, codecs, bandwidthBps } = rendition
    const template = common === undefined ? templates[i] : undefined
    return element(
      'Representation',
      { id, codecs, ...supplementalCodecs(rendition), bandwidth: bandwidth(bandwidthBps), ...facts(rendition) },
      [
        ...(rendition.essential ?? []).map(one => descriptor('EssentialProperty', one)),
        ...(rendition.supplemental ?? []).map(one => descriptor('SupplementalProperty', one)),
        ...(template === undefined ? [] : [template]),
      ],
    )
  })
  return element('AdaptationSet', attributes, [
    ...descriptors,
    ...choiceElements(set[0]),
    ...(common === undefined ? [] : [common]),
    ...representations,
  ])
}

/** SCTE 214-1: codecs of an enhancement that players may ignore, as Dolby Vision with an HDR10 base. */
function supplementalCodecs({ supplementalCodecs: codecs }: DashRendition): XmlAttributes {
  if (codecs === undefined) return {}
  const [codec, ...profiles] = codecs.split('/')
  return {
    'scte214:supplementalCodecs': codec,
    'scte214:supplementalProfiles': profiles.length > 0 ? profiles.join(' ') : undefined,
  }
}

function textSet(track: DashText, addresses: DashAddresses): string {
  const { id, uri, mimeType = 'text/vtt', bandwidthBps = 256 } = track
  return element('AdaptationSet', { contentType: 'text', mimeType, lang: languageTag(track.language) }, [
    ...choiceElements(track),
    element('Representation', { id, bandwidth: bandwidth(bandwidthBps) }, [
      textElement('BaseURL', addresses.plain(uri)),
    ]),
  ])
}

/** DASH-IF IOP §6.2.6: images of tiles. */
function imageSet(tiles: DashImages, addresses: DashAddresses): string {
  const { id, mimeType = 'image/jpeg', width, height, columns, rows } = tiles
  return element('AdaptationSet', { contentType: 'image', mimeType }, [
    element('SegmentTemplate', {
      timescale: whole(`${id}: timescale`, tiles.timescale, 1),
      media: addresses.template(tiles.media),
      duration: whole(`${id}: imageDuration`, tiles.imageDuration, 1),
      startNumber: whole(`${id}: startNumber`, tiles.startNumber ?? 0, 0),
    }),
    element('Representation', { id, bandwidth: bandwidth(tiles.bandwidthBps), width, height }, [
      descriptor('EssentialProperty', {
        schemeIdUri: 'http://dashif.org/guidelines/thumbnail_tile',
        value: `${columns}x${rows}`,
      }),
    ]),
  ])
}

/** ISO/IEC 23091-2 code points, where they say anything. */
function colourDescriptors({ colour, isColourEssential }: DashVideo): string[] {
  if (colour === undefined) return []
  const name = isColourEssential ? 'EssentialProperty' : 'SupplementalProperty'
  const points = [
    ['ColourPrimaries', colour.primaries],
    ['TransferCharacteristics', colour.transfer],
    ['MatrixCoefficients', colour.matrix],
  ] as const
  const written = points
    .filter(([, value]) => value !== 2)
    .map(([point, value]) => descriptor(name, { schemeIdUri: `urn:mpeg:mpegB:cicp:${point}`, value: String(value) }))
  if (colour.fullRange !== true) return written
  return [...written, descriptor(name, { schemeIdUri: 'urn:mpeg:mpegB:cicp:VideoFullRangeFlag', value: '1' })]
}

function soundDescriptors({ channels, hasJoc }: DashAudio): string[] {
  const layout = channels === undefined ? undefined : channelConfiguration(channels)
  // Dolby "Dolby Digital Plus JOC in DASH": what ETSI TS 103 420 adds is named beside the channels.
  const joc = { schemeIdUri: 'tag:dolby.com,2018:dash:EC3_ExtensionType:2018', value: 'JOC' }
  return [
    ...(layout === undefined ? [] : [descriptor('AudioChannelConfiguration', layout)]),
    ...(hasJoc ? [descriptor('SupplementalProperty', joc)] : []),
  ]
}

/** Up to six channels, the configuration's number is theirs; 6.1 and 7.1 are 11 and 12 of ISO/IEC 23091-3. */
function channelConfiguration(channels: number): DashDescriptor | undefined {
  if (channels >= 1 && channels <= 6) {
    return { schemeIdUri: 'urn:mpeg:dash:23003:3:audio_channel_configuration:2011', value: String(channels) }
  }
  if (channels !== 7 && channels !== 8) return undefined
  return { schemeIdUri: 'urn:mpeg:mpegB:cicp:ChannelConfiguration', value: String(channels + 4) }
}

function choiceElements({ label, accessibility = [], roles = [] }: DashChoice): string[] {
  return [
    ...(label === undefined ? [] : [textElement('Label', label)]),
    ...accessibility.map(one => descriptor('Accessibility', typeof one === 'string' ? audioPurpose(one) : one)),
    ...roles.map(value => descriptor('Role', { schemeIdUri: 'urn:mpeg:dash:role:2011', value })),
  ]
}

/** DASH-IF IOP §3.10: the purposes of TV-Anytime's AudioPurposeCS. */
function audioPurpose(purpose: 'visual-impaired' | 'hearing-impaired'): DashDescriptor {
  return { schemeIdUri: 'urn:tva:metadata:cs:AudioPurposeCS:2007', value: purpose === 'visual-impaired' ? '1' : '2' }
}

function descriptor(name: string, { schemeIdUri, value }: DashDescriptor): string {
  return element(name, { schemeIdUri, value })
}

/** The tag, where it is one (xs:language) and says anything. */
function languageTag(language: string | undefined): string | undefined {
  if (language === undefined || language === 'und') return undefined
  return /^[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*$/.test(language) ? language : undefined
}

function bandwidth(bps: number): number {
  return Math.max(1, Math.ceil(bps))
}

/** A fraction in its lowest terms; a whole number without the other part. */
function fraction([numerator, denominator]: readonly [number, number], separator: string): string {
  const top = whole('frameRate', numerator, 1)
  const bottom = whole('frameRate', denominator, 1)
  let [a, b] = [top, bottom]
  while (b > 0) [a, b] = [b, a % b]
  return bottom === a ? String(top / a) : `${top / a}${separator}${bottom / a}`
}
