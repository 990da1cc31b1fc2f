import { expect, it } from 'vitest'
import { dolbyVisionString } from './dolby-vision.js'

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'))

it.each([
  ['profile 8.1, level 6: shown as HDR10', 'hevc', '01 00 10 35 10', 'dvh1.08.06/db1p'],
  ['profile 8.4, level 9: shown as HLG', 'hevc', '01 00 10 4d 40', 'dvh1.08.09/db4h'],
  ['profile 8.2: shown as SDR', 'hevc', '01 00 10 1d 20', 'dvh1.08.03/db2g'],
  ['profile 9.2 on H.264', 'h264', '01 00 12 1d 20', 'dva1.09.03/db2g'],
  ['profile 10.1 on AV1', 'av1', '01 00 14 4d 10', 'dav1.10.09/db1p'],
  ['profile 5, which is nothing else', 'hevc', '01 00 0a 35 00', 'dvh1.05.06'],
  ['a level over 31', 'hevc', '01 00 0b 05 00', 'dvh1.05.32'],
  ['profile 7: two layers', 'hevc', '01 00 0e 37 60', undefined],
  ['another codec', 'vp9', '01 00 10 35 10', undefined],
  ['a record that ends early', 'hevc', '01 00 10', undefined],
] as const)('%s', (_, codec, config, expected) => {
  expect(dolbyVisionString(codec, hex(config))).toBe(expected)
})
