import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeText } from './decode-text.js'

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

describe('decodeText', () => {
  it('follows a byte order mark', () => {
    expect(decodeText(bytes(0xef, 0xbb, 0xbf, 0xc3, 0xa9))).toEqual({ text: 'é', encoding: 'utf-8' })
    expect(decodeText(bytes(0xff, 0xfe, 0xe9, 0x00))).toEqual({ text: 'é', encoding: 'utf-16le' })
    expect(decodeText(bytes(0xfe, 0xff, 0x00, 0xe9))).toEqual({ text: 'é', encoding: 'utf-16be' })
  })

  it('takes what is valid UTF-8 for UTF-8, whatever the language', () => {
    const text = 'Привет'
    expect(decodeText(new TextEncoder().encode(text), { language: 'ru' })).toEqual({ text, encoding: 'utf-8' })
  })

  it.each([
    [undefined, bytes(0x63, 0x61, 0x66, 0xe9, 0x20, 0x80), 'café €', 'windows-1252'],
    ['fr-CA', bytes(0x63, 0x61, 0x66, 0xe9), 'café', 'windows-1252'],
    ['ru', bytes(0xcf, 0xf0, 0xe8, 0xe2, 0xe5, 0xf2), 'Привет', 'windows-1251'],
    ['el-GR', bytes(0xc3, 0xe5, 0xe9, 0xdc), 'Γειά', 'windows-1253'],
    ['tr', bytes(0xfd, 0xfe, 0xf0), 'ışğ', 'windows-1254'],
    ['he', bytes(0xf9, 0xec, 0xe5, 0xed), 'שלום', 'windows-1255'],
    ['ar', bytes(0xe3, 0xd1, 0xcd, 0xc8, 0xc7), 'مرحبا', 'windows-1256'],
    ['pl', bytes(0xb3, 0xf3, 0x9f, 0xe6), 'łóźć', 'windows-1250'],
    ['ja', bytes(0x82, 0xb1, 0x82, 0xf1), 'こん', 'shift_jis'],
    ['zh-Hans-CN', bytes(0xc4, 0xe3, 0xba, 0xc3), '你好', 'gbk'],
    ['zh-TW', bytes(0xa7, 0x41, 0xa6, 0x6e), '你好', 'big5'],
    ['ko', bytes(0xbe, 0xc8, 0xb3, 0xe7), '안녕', 'euc-kr'],
  ])('falls back on what %s was written in', (language, data, text, encoding) => {
    expect(decodeText(data, { language })).toEqual({ text, encoding })
  })

  it('prefers the encoding that the caller knows; an unknown one is passed over', () => {
    expect(decodeText(bytes(0xe9), { encoding: 'macintosh' }).text).toBe('È')
    expect(decodeText(bytes(0xe9), { encoding: 'no-such' })).toEqual({ text: 'é', encoding: 'windows-1252' })
    expect(decodeText(bytes(0xe9), { language: 'constructor' }).encoding).toBe('windows-1252')
  })

  it('never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.string(), (data, language) => {
        expect(typeof decodeText(data, { language, encoding: language }).text).toBe('string')
      }),
    )
  })
})
