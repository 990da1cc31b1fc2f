import { describe, expect, it, vi } from 'vitest'
import { chapterAt, readChapterFile } from './chapters.js'

vi.stubGlobal('navigator', { languages: ['de-AT', 'en'] })

describe('readChapterFile', () => {
  it('reads times and titles, in the order of the times', () => {
    const file = [
      { chapter: 2, 'start-time': 60.5, duration: 30, titles: [{ language: 'und', title: 'The end' }] },
      { chapter: 1, 'start-time': 0, duration: 60.5, titles: [{ language: 'und', title: 'Opening' }] },
    ]
    expect(readChapterFile(file)).toEqual([
      { start: 0, title: 'Opening' },
      { start: 60.5, title: 'The end' },
    ])
  })

  it("takes the viewer's language, and a number where there is no title", () => {
    const titles = [
      { language: 'fr', title: 'Début' },
      { language: 'de', title: 'Anfang' },
    ]
    expect(readChapterFile([{ 'start-time': 0, titles }, { 'start-time': 5 }])).toEqual([
      { start: 0, title: 'Anfang' },
      { start: 5, title: 'Chapter 2' },
    ])
  })

  it.each([[null], ['text'], [{}], [[null, 7, 'x', {}, { 'start-time': '5' }, { 'start-time': Number.NaN }]]])(
    'finds none in %j',
    file => {
      expect(readChapterFile(file)).toEqual([])
    },
  )

  it('leaves titles out that are no text, and chapters beyond what a menu shows', () => {
    expect(readChapterFile([{ 'start-time': -1, titles: [null, { title: 5 }] }])).toEqual([
      { start: 0, title: 'Chapter 1' },
    ])
    expect(readChapterFile(Array.from({ length: 600 }, (_, n) => ({ 'start-time': n })))).toHaveLength(500)
  })
})

describe('chapterAt', () => {
  const chapters = [
    { start: 2, title: 'a' },
    { start: 5, title: 'b' },
  ]
  it.each([
    [1, undefined],
    [2, 'a'],
    [4.99, 'a'],
    [5, 'b'],
    [100, 'b'],
  ])('at %d s', (seconds, title) => {
    expect(chapterAt(chapters, seconds)?.title).toBe(title)
  })
})
