import type { AudioCodec, TextCodec, TrackRole, VideoCodec } from '@cuemux/core'
import type { Descriptor, StreamEntry } from './psi.js'

/** How an elementary stream is cut into samples. */
export type Framing = 'avc' | 'hevc' | 'mpegvideo' | 'adts' | 'latm' | 'mpegaudio' | 'ac3' | 'opus' | 'dts' | 'pes'

/** What the PMT says of an elementary stream. */
export type StreamKind = StreamCommon &
  (
    | { readonly kind: 'video'; readonly codec: VideoCodec }
    | { readonly kind: 'audio'; readonly codec: AudioCodec }
    | { readonly kind: 'text'; readonly codec: TextCodec }
  )

interface StreamCommon {
  readonly framing: Framing
  /** stream_type in hexadecimal, and the registration where one decides: `0x1b`, `0x06 Opus`. */
  readonly containerCodec: string
}

type Choice =
  | readonly ['video', VideoCodec, Framing]
  | readonly ['audio', AudioCodec, Framing]
  | readonly ['text', TextCodec, Framing]

/** stream_type (ISO/IEC 13818-1 Table 2-34; from 0x80 on as ATSC A/53 and BDAV use it). */
const BY_TYPE: { readonly [type: number]: Choice } = {
  1: ['video', 'mpeg1', 'mpegvideo'],
  2: ['video', 'mpeg2', 'mpegvideo'],
  3: ['audio', 'mp3', 'mpegaudio'],
  4: ['audio', 'mp3', 'mpegaudio'],
  15: ['audio', 'aac', 'adts'],
  16: ['video', 'mpeg4', 'pes'],
  17: ['audio', 'aac', 'latm'],
  27: ['video', 'h264', 'avc'],
  36: ['video', 'hevc', 'hevc'],
  129: ['audio', 'ac3', 'ac3'],
  130: ['audio', 'dts', 'dts'],
  131: ['audio', 'truehd', 'pes'],
  132: ['audio', 'eac3', 'ac3'],
  133: ['audio', 'dts', 'dts'],
  135: ['audio', 'eac3', 'ac3'],
  138: ['audio', 'dts', 'dts'],
  144: ['text', 'pgs', 'pes'],
}

/** Descriptors that tell what a private stream is (ETSI EN 300 468 §6.1). */
const BY_DESCRIPTOR: { readonly [tag: number]: Choice } = {
  86: ['text', 'unknown', 'pes'],
  89: ['text', 'dvbsub', 'pes'],
  106: ['audio', 'ac3', 'ac3'],
  122: ['audio', 'eac3', 'ac3'],
  123: ['audio', 'dts', 'dts'],
  124: ['audio', 'aac', 'latm'],
}

/** format_identifier of the registration descriptor (§2.6.8). */
const BY_REGISTRATION: { readonly [id: string]: Choice } = {
  'AC-3': ['audio', 'ac3', 'ac3'],
  EAC3: ['audio', 'eac3', 'ac3'],
  Opus: ['audio', 'opus', 'opus'],
  HEVC: ['video', 'hevc', 'hevc'],
  DTS1: ['audio', 'dts', 'dts'],
  DTS2: ['audio', 'dts', 'dts'],
  DTS3: ['audio', 'dts', 'dts'],
  BSSD: ['audio', 'pcm', 'pes'],
}

/** stream_type of DTS-HD Master Audio on Blu-ray discs; elsewhere it is SCTE 35 cues. */
const DTS_OR_CUES = 134

const REGISTRATION = 5
const LANGUAGE = 10
const PRIVATE_PES = 6
/** Types from here on are a registrant's own; 0x80 is MPEG-2 video to some and PCM to others. */
const USER_PRIVATE = 128

/**
 * What a stream is; `undefined` for one that has neither picture, sound nor text (SCTE 35, ID3, sections).
 *
 * @param isBluRay the program is registered as `HDMV`
 */
export function kindOfStream(entry: StreamEntry, isBluRay = false): StreamKind | undefined {
  const type = entry.streamType
  const registration = registrationOf(entry.descriptors)
  const isPrivate = type === PRIVATE_PES || type >= USER_PRIVATE
  let choice: Choice | undefined =
    type === 132 && registration !== 'AC-3' && registration !== '' ? BY_TYPE[132] : undefined
  if (isPrivate && choice === undefined) {
    choice = BY_REGISTRATION[registration]
    for (const { tag } of type === PRIVATE_PES ? entry.descriptors : []) choice ??= BY_DESCRIPTOR[tag]
  }
  choice ??= type === DTS_OR_CUES && isBluRay ? ['audio', 'dts', 'dts'] : BY_TYPE[type]
  if (choice === undefined) return undefined
  const [kind, codec, framing] = choice
  const name = `0x${type.toString(16).padStart(2, '0')}`
  const containerCodec = isPrivate && registration !== '' ? `${name} ${registration}` : name
  return { kind, codec, framing, containerCodec } as StreamKind // the table's rows pair kind and codec
}

/** format_identifier of the registration descriptor (§2.6.8); empty without one. */
export function registrationOf(descriptors: readonly Descriptor[]): string {
  const data = descriptors.find(({ tag }) => tag === REGISTRATION)?.data
  if (data === undefined || data.length < 4) return ''
  const text = String.fromCharCode(...data.subarray(0, 4))
  return /^[\x20-\x7e]{4}$/.test(text) ? text : ''
}

const EXTENSION = 127
/** The extension descriptor's tag of Opus; it is one of the user's own. */
const OPUS_EXTENSION = 128

/** channel_config_code of the extension descriptor of Opus (ETSI TS 103 491 §5.2.3); `undefined` without one. */
export function opusChannelsOf({ descriptors }: StreamEntry): number | undefined {
  return descriptors.find(({ tag, data }) => tag === EXTENSION && data[0] === OPUS_EXTENSION)?.data[1]
}

/** BCP 47 tags of the languages that have a two-letter one (RFC 5646 §2.2.1: the shortest), by both kinds of ISO 639-2 codes. */
const SHORT: { readonly [code: string]: string } = Object.fromEntries(
  (
    'ara:ar bul:bg cat:ca ces:cs cze:cs chi:zh zho:zh dan:da deu:de ger:de dut:nl nld:nl ell:el gre:el eng:en est:et eus:eu baq:eu ' +
    'fas:fa per:fa fin:fi fra:fr fre:fr gle:ga glg:gl heb:he hin:hi hrv:hr hun:hu ice:is isl:is ind:id ita:it jpn:ja kor:ko ' +
    'lav:lv lit:lt mac:mk mkd:mk may:ms msa:ms nor:no nob:nb nno:nn pol:pl por:pt ron:ro rum:ro rus:ru slk:sk slo:sk slv:sl ' +
    'spa:es sqi:sq alb:sq srp:sr swe:sv tam:ta tel:te tha:th tur:tr ukr:uk urd:ur vie:vi cym:cy wel:cy'
  )
    .split(' ')
    .map(pair => pair.split(':') as [string, string]), // each pair has one colon
)

/** BCP 47 tag of the stream's ISO 639 language descriptor (§2.6.18), or of its subtitle's or teletext's; `und` without. */
export function languageOf({ descriptors }: StreamEntry): string {
  const found =
    descriptors.find(({ tag }) => tag === LANGUAGE) ?? descriptors.find(({ tag }) => tag === 86 || tag === 89)
  const code = String.fromCharCode(...(found?.data.subarray(0, 3) ?? [])).toLowerCase()
  if (!/^[a-z]{3}$/.test(code) || code === 'und') return 'und'
  return SHORT[code] ?? code
}

/** audio_type of the language descriptor (Table 2-60). */
export function rolesOf({ descriptors }: StreamEntry): TrackRole[] {
  const type = descriptors.find(({ tag }) => tag === LANGUAGE)?.data[3]
  if (type === 2) return ['hearing-impaired']
  return type === 3 ? ['visual-impaired'] : []
}
