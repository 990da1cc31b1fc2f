import { AC3_RATES } from './ac3.js'
import { BitReader } from './bit-reader.js'
import { corrupt } from './bytes.js'

/** What an E-AC-3 syncframe says (ETSI TS 102 366 Annex E.1.2). */
export interface Eac3Frame {
  /** 0 independent, 1 dependent, 2 converted from AC-3. */
  readonly streamType: number
  readonly substream: number
  readonly frameBytes: number
  /** As dec3 repeats it; 3 where the rate is halved. */
  readonly fscod: number
  readonly sampleRate: number
  /** Audio blocks of 256 samples. */
  readonly blocks: number
  readonly acmod: number
  readonly lfe: boolean
  readonly bsid: number
  readonly bsmod: number
  /** Custom channel map of a dependent substream, L in the most significant of 16 bits. */
  readonly channelMap: number | undefined
  /** complexity_index_type_a; `undefined` without joint object coding (ETSI TS 103 420 §8.3). */
  readonly jocComplexity: number | undefined
}

interface Head {
  readonly streamType: number
  readonly fscod: number
  readonly blockCode: number
  readonly blocks: number
  readonly acmod: number
  readonly lfe: boolean
}

/** Parses an E-AC-3 syncframe up to its additional bit stream information. Throws `CORRUPT_INDEX`. */
export function parseEac3Frame(data: Uint8Array, offset: number): Eac3Frame {
  const reader = new BitReader(data, offset)
  if (reader.bits(16) !== 0x0b77) throw corrupt('An E-AC-3 frame has no sync word.')
  const streamType = reader.bits(2)
  const substream = reader.bits(3)
  const frameBytes = (reader.bits(11) + 1) * 2
  const fscod = reader.bits(2)
  const fscod2 = fscod === 3 ? reader.bits(2) : 0
  const rate = fscod === 3 ? (AC3_RATES[fscod2] ?? 0) / 2 : (AC3_RATES[fscod] ?? 0)
  if (rate === 0 || streamType === 3) throw corrupt('An E-AC-3 frame has reserved codes.')
  const blockCode = fscod === 3 ? 3 : reader.bits(2)
  const blocks = [1, 2, 3, 6][blockCode] ?? 6
  const acmod = reader.bits(3)
  const lfe = reader.flag()
  const bsid = reader.bits(5)
  if (bsid < 11 || bsid > 16) throw corrupt(`An E-AC-3 frame has bsid ${bsid}.`)
  const head: Head = { streamType, fscod, blockCode, blocks, acmod, lfe }
  for (let program = acmod === 0 ? 2 : 1; program > 0; program--) {
    reader.skip(5)
    if (reader.flag()) reader.skip(8)
  }
  const channelMap = streamType === 1 && reader.flag() ? reader.bits(16) : undefined
  if (reader.flag()) skipMixing(reader, head)
  const bsmod = reader.flag() ? readInformation(reader, head) : 0
  if (streamType === 0 && blockCode !== 3) reader.skip(1)
  if (streamType === 2 && (blockCode === 3 || reader.flag())) reader.skip(6)
  const jocComplexity = readJoc(reader)
  const base = { streamType, substream, frameBytes, fscod, sampleRate: rate, blocks, acmod, lfe, bsid, bsmod }
  return { ...base, channelMap, jocComplexity }
}

/** Mixing metadata (§E.1.2.2, after mixmdate). */
function skipMixing(reader: BitReader, head: Head): void {
  const { acmod } = head
  if (acmod > 2) reader.skip(2)
  if (acmod & 1 && acmod > 2) reader.skip(6)
  if (acmod & 4) reader.skip(6)
  if (head.lfe && reader.flag()) reader.skip(5)
  if (head.streamType !== 0) return
  if (reader.flag()) reader.skip(6)
  if (acmod === 0 && reader.flag()) reader.skip(6)
  if (reader.flag()) reader.skip(6)
  const definition = reader.bits(2)
  if (definition === 1) reader.skip(5)
  else if (definition === 2) reader.skip(12)
  else if (definition === 3) reader.skip((reader.bits(5) + 2) * 8)
  if (acmod < 2 && reader.flag()) reader.skip(14)
  if (acmod === 0 && reader.flag()) reader.skip(14)
  if (!reader.flag()) return
  if (head.blockCode === 0) reader.skip(5)
  else for (let block = 0; block < head.blocks; block++) if (reader.flag()) reader.skip(5)
}

/** Informational metadata (after infomdate); gives bsmod. */
function readInformation(reader: BitReader, head: Head): number {
  const bsmod = reader.bits(3)
  reader.skip(2)
  if (head.acmod === 2) reader.skip(4)
  if (head.acmod >= 6) reader.skip(2)
  if (reader.flag()) reader.skip(8)
  if (head.acmod === 0 && reader.flag()) reader.skip(8)
  if (head.fscod < 3) reader.skip(1)
  return bsmod
}

/** flag_ec3_extension_type_a and what follows it, in addbsi. */
function readJoc(reader: BitReader): number | undefined {
  if (reader.left < 1 || !reader.flag()) return undefined
  const bytes = 1 + reader.bits(6)
  if (bytes < 2) return undefined
  reader.skip(7)
  return reader.flag() ? reader.bits(8) : undefined
}
