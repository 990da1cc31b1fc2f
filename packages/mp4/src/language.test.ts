import { expect, it } from 'vitest'
import { languageTag } from './language.js'

const pack = (code: string): number => [...code].reduce((sum, letter) => sum * 32 + letter.charCodeAt(0) - 0x60, 0)

it.each([
  ['eng', 'en'],
  ['deu', 'de'],
  ['ger', 'de'],
  ['fre', 'fr'],
  ['zho', 'zh'],
  ['haw', 'haw'],
  ['und', 'und'],
  ['mul', 'und'],
])('takes %s for %s', (code, tag) => {
  expect(languageTag(pack(code), undefined)).toBe(tag)
})

it('prefers the extended tag and makes it shortest', () => {
  expect(languageTag(pack('und'), 'pt-BR')).toBe('pt-BR')
  expect(languageTag(pack('und'), 'por-BR')).toBe('pt-BR')
  expect(languageTag(pack('spa'), 'no tag!')).toBe('es')
})

it('knows QuickTime codes', () => {
  expect(languageTag(0, undefined)).toBe('en')
  expect(languageTag(11, undefined)).toBe('ja')
  expect(languageTag(0x7fff, undefined)).toBe('und')
  expect(languageTag(0x3ff, undefined)).toBe('und')
})
