import { expect, it } from 'vitest'
import { boxLanguage } from './language.js'

const letters = (packed: number): string =>
  String.fromCharCode(...[10, 5, 0].map(shift => ((packed >> shift) & 31) + 0x60))

it.each([
  ['und', 'und', undefined],
  ['en', 'eng', undefined],
  ['de', 'deu', undefined],
  ['zh', 'zho', undefined],
  ['zu', 'zul', undefined],
  ['yue', 'yue', undefined],
  ['DE', 'deu', undefined],
  ['pt-BR', 'por', 'pt-BR'],
  ['zh-Hant-TW', 'zho', 'zh-Hant-TW'],
  ['xx', 'und', 'xx'],
  ['', 'und', undefined],
  ['not a tag', 'und', undefined],
  ['é', 'und', undefined],
])('%s is %s, and %s', (tag, code, extended) => {
  const language = boxLanguage(tag)
  expect(letters(language.packed)).toBe(code)
  expect(language.extended).toBe(extended)
})

it('agrees with the engine about every two letters that it knows', () => {
  const alphabet = [...'abcdefghijklmnopqrstuvwxyz']
  const known = alphabet
    .flatMap(first => alphabet.map(second => first + second))
    .filter(two => boxLanguage(two).extended === undefined)
  const wrong = known.filter(two => Intl.getCanonicalLocales(letters(boxLanguage(two).packed))[0] !== two)
  expect(known.length).toBeGreaterThan(180)
  // CLDR prefers these two's macrolanguage or successor: Twi is Akan, Tagalog Filipino.
  expect(wrong).toEqual(['tl', 'tw'])
})
