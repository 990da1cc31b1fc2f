import { describe, expect, it } from 'vitest'
import { film, pat, pmt } from '../testing/ts-muxer.js'
import { crc32 } from './crc32.js'
import { findLayout, isMpegTs, resync } from './packets.js'
import { parsePat, parsePmt } from './psi.js'
import { SectionAssembler } from './sections.js'

describe('finding packets', () => {
  it('knows the three distances, also from mid-packet', () => {
    for (const stride of [188, 192, 204] as const) {
      const bytes = film().toBytes(stride)
      expect(isMpegTs(bytes)).toBe(true)
      expect(findLayout(bytes.subarray(50))?.stride).toBe(stride)
      expect(isMpegTs(bytes.subarray(50))).toBe(true)
    }
  })

  it('takes nothing else for a transport stream', () => {
    expect(isMpegTs(new Uint8Array(0))).toBe(false)
    expect(isMpegTs(new Uint8Array(4000).fill(0x47))).toBe(false)
    let seed = 1
    const random = Uint8Array.from({ length: 100_000 }, () => (seed = (seed * 48271) % 2147483647) & 255)
    for (let at = 0; at < 90_000; at += 5000) expect(isMpegTs(random.subarray(at, at + 5000))).toBe(false)
    expect(isMpegTs(film().toBytes().subarray(0, 300))).toBe(false)
  })

  it('finds the next packet behind garbage, past a stray sync byte', () => {
    const bytes = new Uint8Array(30 + 188 * 6)
    bytes[7] = 0x47
    bytes.set(
      film()
        .toBytes()
        .subarray(0, 188 * 6),
      30,
    )
    expect(resync(bytes, 0, 188)).toBe(30)
    expect(resync(new Uint8Array(500), 0, 188)).toBe(500)
  })
})

describe('tables', () => {
  it('has the CRC-32 of the standard', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0x0376e6e7)
    expect(crc32(pat([1, 0x1000]))).toBe(0)
  })

  it('reads PAT and PMT', () => {
    expect(parsePat(pat([0, 16], [1, 0x1000], [7, 0x1abc]))).toEqual([
      { number: 1, pid: 0x1000 },
      { number: 7, pid: 0x1abc },
    ])
    const map = parsePmt(
      pmt(7, 3, [
        [0x1b, 0x100],
        [0x0f, 0x101, [10, 4, 1, 2, 3, 4]],
      ]),
    )
    expect(map).toMatchObject({ program: 7, version: 3 })
    expect(map?.streams).toEqual([
      { streamType: 0x1b, pid: 0x100, descriptors: [] },
      { streamType: 0x0f, pid: 0x101, descriptors: [{ tag: 10, data: Uint8Array.of(1, 2, 3, 4) }] },
    ])
  })

  it('puts a section together over packets, and passes one with a wrong CRC over', () => {
    const streams = Array.from({ length: 60 }, (_, i) => [0x0f, 0x100 + i] as const)
    const section = pmt(1, 0, streams)
    const assembler = new SectionAssembler()
    expect(assembler.push(Uint8Array.from([0, ...section.subarray(0, 183)]), true)).toEqual([])
    expect(assembler.push(section.subarray(183), false)).toEqual([section])
    const broken = Uint8Array.from(section)
    broken[20] = broken[20]! ^ 1
    expect(assembler.push(Uint8Array.from([0, ...broken.subarray(0, 183)]), true)).toEqual([])
    expect(assembler.push(broken.subarray(183), false)).toEqual([])
  })
})
