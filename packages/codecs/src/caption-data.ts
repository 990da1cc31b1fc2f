/** country 181, provider 49, `GA94`, cc_data (ANSI/SCTE 128-1 §8.1). */
const CC_DATA = [0xb5, 0x00, 0x31, 0x47, 0x41, 0x39, 0x34, 0x03]
/** process_cc_data_flag; cc_valid. */
const [PROCESS, VALID] = [0x40, 4]

/**
 * Which captions a picture of H.264 or HEVC has data for, with or without text: what is captioned carries some with every
 * picture. CEA-608 where there are both.
 *
 * @param sample its beginning is enough, with lengths or start codes
 */
export function captionDataOf(sample: Uint8Array): 'cea608' | 'cea708' | undefined {
  const [first = 0] = CC_DATA
  for (let at = sample.indexOf(first); at >= 0; at = sample.indexOf(first, at + 1)) {
    if (!CC_DATA.every((byte, i) => sample[at + i] === byte)) continue
    const flags = sample[at + CC_DATA.length] ?? 0
    if ((flags & PROCESS) === 0) continue
    let found: 'cea608' | 'cea708' | undefined
    const triples = at + CC_DATA.length + 2
    for (let triple = triples; triple < triples + (flags & 31) * 3 && triple < sample.length; triple += 3) {
      const marker = sample[triple] ?? 0
      if ((marker & VALID) === 0) continue
      if ((marker & 3) < 2) return 'cea608'
      found = 'cea708'
    }
    if (found !== undefined) return found
  }
  return undefined
}
