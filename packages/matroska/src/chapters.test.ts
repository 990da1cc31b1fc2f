import { describe, expect, it } from 'vitest'
import { type Bytes, concat, element, text, uint } from '../testing/ebml-writer.js'
import { readChapters } from './chapters.js'
import { Id } from './elements.js'

const atom = (startMs: number, title: string, ...inner: readonly Bytes[]): Bytes =>
  element(
    Id.ChapterAtom,
    uint(Id.ChapterTimeStart, startMs * 1e6),
    element(Id.ChapterDisplay, text(Id.ChapString, title)),
    ...inner,
  )

const edition = (
  flags: { readonly isHidden?: boolean; readonly isDefault?: boolean },
  ...atoms: readonly Bytes[]
): Bytes =>
  element(
    Id.EditionEntry,
    uint(Id.EditionFlagHidden, flags.isHidden ? 1 : 0),
    uint(Id.EditionFlagDefault, flags.isDefault ? 1 : 0),
    ...atoms,
  )

const titles = (...editions: readonly Bytes[]): string[] => {
  const bytes = concat(...editions)
  return readChapters(bytes, 0, bytes.length).map(({ title }) => title)
}

describe('readChapters', () => {
  it('takes the default edition, else the first one, of those that are not hidden', () => {
    const hidden = edition({ isHidden: true }, atom(0, 'hidden'))
    const hiddenDefault = edition({ isHidden: true, isDefault: true }, atom(0, 'hidden default'))
    const plain = edition({}, atom(0, 'plain'))
    const chosen = edition({ isDefault: true }, atom(0, 'default'))
    expect(titles(hidden, plain, chosen)).toEqual(['default'])
    expect(titles(hiddenDefault, plain)).toEqual(['plain'])
    expect(titles(plain, hidden)).toEqual(['plain'])
    expect(titles(chosen, edition({ isDefault: true }, atom(0, 'second default')))).toEqual(['default'])
    expect(titles(hidden)).toEqual([])
    expect(titles()).toEqual([])
  })

  it('lists chapters within others, all in the order of their times', () => {
    const nested = edition({}, atom(6000, 'later'), atom(0, 'outer', atom(2000, 'inner')))
    expect(titles(nested)).toEqual(['outer', 'inner', 'later'])
  })
})
