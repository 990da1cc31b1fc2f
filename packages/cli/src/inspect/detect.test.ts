import { bytesSource } from '@cuemux/source'
import { describe, expect, it } from 'vitest'
import { detectKind, findPackets } from './detect.js'
import { planBoxes, planStart } from './plan.js'

const box = (type: string, size: number, payload = 8): Buffer => {
  const bytes = Buffer.alloc(payload + 8)
  bytes.writeUInt32BE(size)
  bytes.write(type, 4, 'latin1')
  return bytes
}

/** Packets at a distance, with bytes before each. */
function packets(stride: number, before: number, count: number): Buffer {
  const bytes = Buffer.alloc(stride * count)
  for (let i = 0; i < count; i++) bytes[i * stride + before] = 0x47
  return bytes
}

describe('detectKind', () => {
  it('names the structure by the first bytes', () => {
    expect(detectKind(Buffer.from('1a45dfa301', 'hex'))).toBe('elements')
    expect(detectKind(box('ftyp', 16))).toBe('boxes')
    expect(detectKind(packets(188, 0, 6))).toBe('packets')
    expect(detectKind(Buffer.from('GGGG is a text'))).toBeUndefined()
    expect(detectKind(Buffer.alloc(4096))).toBeUndefined()
    expect(detectKind(Buffer.alloc(0))).toBeUndefined()
  })

  it('finds packets of every length', () => {
    expect(findPackets(packets(188, 0, 5))).toEqual({ offsetBytes: 0, strideBytes: 188 })
    expect(findPackets(packets(192, 4, 9))).toEqual({ offsetBytes: 4, strideBytes: 192 })
    expect(findPackets(packets(204, 0, 9))).toEqual({ offsetBytes: 0, strideBytes: 204 })
  })
})

describe('planBoxes', () => {
  const plan = (bytes: Buffer, perName = 10) => planBoxes(bytesSource(bytes), perName, new AbortController().signal)

  it('hops over media and beyond the asked number of boxes', async () => {
    const film = Buffer.concat([box('ftyp', 16), box('mdat', 16), box('moof', 16), box('moof', 16), box('moov', 16)])
    expect(await plan(film, 1)).toEqual({
      runs: [
        { offsetBytes: 0, lengthBytes: 16 },
        { offsetBytes: 32, lengthBytes: 16 },
        { offsetBytes: 64, lengthBytes: 16 },
      ],
      opaque: [
        { type: 'mdat', offsetBytes: 16, lengthBytes: 16 },
        { type: 'moof', offsetBytes: 48, lengthBytes: 16 },
      ],
      note: undefined,
    })
  })

  it('says where the boxes end', async () => {
    const cut = await plan(Buffer.concat([box('ftyp', 16), box('mdat', 4000)]))
    expect(cut.opaque).toEqual([{ type: 'mdat', offsetBytes: 16, lengthBytes: 4000 }])
    expect(cut.note).toBe('the file ends inside the last box, mdat')
    expect((await plan(Buffer.concat([box('ftyp', 16), box('moov', 3)]))).note).toBe('what follows byte 16 is no box')
  })
})

describe('planStart', () => {
  it('says when it is not the whole file', () => {
    expect(planStart(1000)).toEqual({ runs: [{ offsetBytes: 0, lengthBytes: 1000 }], opaque: [], note: undefined })
    expect(planStart(2 ** 30).note).toBe('only the first 64 MiB are read')
  })
})
