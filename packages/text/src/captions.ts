/// <reference path="./mux.d.ts" />
import type { SampleBatch } from '@cuemux/core'
import type { Caption, CaptionStream } from 'mux.js/lib/m2ts/caption-stream.js'
import { asFirstChannel, type CaptionChannel, channelsOf } from './caption-channels.js'
import { type CaptionTrack, type CcData, type CcTriple, readCcData } from './cc-data.js'
import type { TextCue } from './cue.js'
import { PayloadWriter } from './payload.js'

/** What captions are read from. */
export interface ReadCaptionsOptions {
  readonly track: CaptionTrack
  /** Samples of the track in decode order: those before the segment that set its beginning, and the segment's own. */
  readonly batches: readonly SampleBatch[]
  /** Where the segment begins, µs on the film's clock; by default all is read. */
  readonly fromUs?: number | undefined
  /** Where the next segment begins, µs; by default where the samples end. */
  readonly toUs?: number | undefined
}

/** Cues of a channel in one segment; more are meant to harm. */
const MAX_CUES_PER_CHANNEL = 1000

/**
 * The captions shown between `fromUs` and `toUs`, as cues of each channel, by mux.js, which is loaded when there are
 * some.
 *
 * Captions are a row of commands to a screen that the viewer's decoder keeps, so a segment alone doesn't tell what is
 * on the screen when it begins. This is a pure function of its samples: it starts with an empty screen, so `batches`
 * begins with the samples before the segment for as long as a caption may be loaded and shown (one segment of 6 s is
 * enough for most; a caption that began before them is missing). A cue is cut at both ends of the segment; whether and
 * when it ends after that need not be known. A caption over a boundary becomes two cues that touch, one in each
 * segment, and none is written twice.
 *
 * Italics, underlines and, from CEA-608, row and column are kept; colours, CEA-708's windows and fonts are not (mux.js
 * doesn't tell them). Nothing that a stream has makes this throw; what is broken is not shown.
 */
export async function readCaptions(
  options: ReadCaptionsOptions,
): Promise<ReadonlyMap<CaptionChannel, readonly TextCue[]>> {
  const data = readCcData(options.track, options.batches)
  const channels = channelsOf(data)
  const cues = new Map<CaptionChannel, TextCue[]>(channels.map(channel => [channel, []]))
  if (channels.length === 0) return cues
  const { fromUs = Number.NEGATIVE_INFINITY, toUs = endOf(options.batches) } = options
  for (const caption of await decode(data, channels, toUs)) {
    const list = cues.get(caption.channel)
    // A screen shows one caption at a time, but for the windows of CEA-708, which mux.js joins.
    const startUs = Math.max(caption.startPts, fromUs, list?.at(-1)?.endUs ?? Number.NEGATIVE_INFINITY)
    const endUs = Math.min(caption.endPts, toUs)
    const text = textOf(caption)
    if (list === undefined || !(startUs < endUs) || text.payload === '' || list.length >= MAX_CUES_PER_CHANNEL) continue
    list.push({ startUs, endUs, ...text })
  }
  return cues
}

function endOf(batches: readonly SampleBatch[]): number {
  let end = Number.NEGATIVE_INFINITY
  for (const { count, dts, compositionOffset, duration, timescale } of batches) {
    for (let i = 0; i < count; i++)
      end = Math.max(end, ((dts[i]! + compositionOffset[i]! + duration[i]!) * 1e6) / timescale)
  }
  return Math.round(end)
}

interface ChannelCaption extends Caption {
  readonly channel: CaptionChannel
}

/**
 * Runs mux.js' decoders over the data: one for each channel of CEA-608, which is given as the first one, since mux.js
 * finds no rows in the second and fourth, and one for CEA-708.
 */
async function decode(
  data: readonly CcData[],
  channels: readonly CaptionChannel[],
  endUs: number,
): Promise<ChannelCaption[]> {
  const { default: module } = await import('mux.js/lib/m2ts/caption-stream.js')
  const before = data.filter(({ timeUs }) => timeUs < endUs)
  const services = channels.filter(channel => channel.startsWith('SERVICE'))
  const captions = channels
    .filter(channel => channel.startsWith('CC'))
    .flatMap(channel => {
      const found = run(new module.CaptionStream(), asFirstChannel(before, channel), endUs, [[0, 0x14, 0x2c]])
      return found.map(caption => ({ ...caption, channel }))
    })
  if (services.length === 0) return captions
  const packets = before.map(({ timeUs, triples }) => ({ timeUs, triples: triples.filter(([type]) => type >= 2) }))
  for (const caption of run(new module.CaptionStream(), packets, endUs, hideWindows(services))) {
    captions.push({ ...caption, channel: `SERVICE${Number(caption.stream.slice('cc708_'.length))}` })
  }
  return captions
}

/** What a decoder shows; at the end it is given what clears its screens, which makes it tell what was on them. */
function run(stream: CaptionStream, data: readonly CcData[], endUs: number, end: readonly CcTriple[]): Caption[] {
  const captions: Caption[] = []
  stream.on('data', caption => captions.push(caption))
  let count = 0
  const push = (timeUs: number, triples: readonly CcTriple[]): void => {
    for (let at = 0; at < triples.length; at += MAX_TRIPLES) {
      const escapedRBSP = seiMessage(triples.slice(at, at + MAX_TRIPLES))
      try {
        // Its own order of arrival is the decode time: mux.js takes a repeated one for a segment that came twice.
        stream.push({ nalUnitType: 'sei_rbsp', pts: timeUs, dts: count++, escapedRBSP })
        stream.flush()
      } catch {
        // mux.js reads past the end of broken packets. The screen stays as it is.
      }
    }
  }
  for (const { timeUs, triples } of data) push(timeUs, triples)
  push(endUs, end)
  return captions
}

/** cc_count has five bits. */
const MAX_TRIPLES = 31

/** The message of a SEI unit as mux.js reads it (ANSI/SCTE 128-1 §8.1). */
function seiMessage(triples: readonly CcTriple[]): Uint8Array {
  const head = [0xb5, 0x00, 0x31, 0x47, 0x41, 0x39, 0x34, 0x03, 0x40 | triples.length, 0xff]
  const payload = [...head, ...triples.flatMap(([type, first, second]) => [0xfc | type, first, second]), 0xff]
  return Uint8Array.from([4, payload.length, ...payload, 0x80])
}

/** Hide Windows for each service (ANSI/CTA-708 §8.10.5), and the start of a packet, which ends the last one. */
function hideWindows(services: readonly CaptionChannel[]): CcTriple[] {
  const triples: CcTriple[] = []
  for (const service of services) {
    const number = Number(service.slice('SERVICE'.length))
    if (number < 7) triples.push([3, 2, (number << 5) | 2], [2, 0x8a, 0xff])
    else triples.push([3, 3, 0xe2], [2, number, 0x8a], [2, 0xff, 0])
  }
  triples.push([3, 0, 0])
  return triples
}

/** What mux.js puts into rows of CEA-608; CEA-708 it leaves as it is. */
const ROW_TAGS = /(<\/?[iu]>)/
const NO_TAGS = /(?!)/

function textOf({ content, text }: Caption): Pick<TextCue, 'payload' | 'settings'> {
  const writer = new PayloadWriter()
  const tags = content === undefined ? NO_TAGS : ROW_TAGS
  for (const piece of (content?.map(row => row.text).join('\n') ?? text ?? '').split(tags)) {
    if (piece === '<i>' || piece === '<u>') writer.open(piece[1]!, piece[1]!)
    else if (piece === '</i>' || piece === '</u>') writer.close(piece[2]!)
    else writer.text(piece)
  }
  const payload = writer.finish()
  const [top] = content ?? []
  if (content === undefined || top === undefined) return { payload }
  // W3C, Conversion of 608/708 captions to WebVTT: 15 rows of 5.33 % in the middle 80 %. At the bottom, WebVTT's own
  // place is better.
  const line = top.line <= 11 ? `line:${Math.round(10 + (top.line - 1) * 5.33)}% ` : ''
  const position = Math.round(Math.min(90, ...content.map(row => row.position)))
  return { payload, settings: `${line}position:${position}% align:left` }
}
