import { mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import nodeModule from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Script } from 'node:vm'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { findBundle, loadBundle } from './bundle.js'

const root = mkdtempSync(join(tmpdir(), 'cuemux-bundle-'))
afterAll(() => rmSync(root, { recursive: true }))

const dist = join(root, 'cli/dist')
const notes = [join(dist, '.tsbuildinfo'), join(root, 'core/dist/.tsbuildinfo')]
const find = (): string | undefined => findBundle(pathToFileURL(`${dist}/`).href)

beforeEach(() => {
  rmSync(join(root, 'cli'), { recursive: true, force: true })
  mkdirSync(join(dist, 'bundle'), { recursive: true })
  mkdirSync(join(root, 'core/dist'), { recursive: true })
  for (const file of notes) writeFileSync(file, 'notes of the compiler')
  const builds = Object.fromEntries(
    ['.tsbuildinfo', '../../core/dist/.tsbuildinfo'].map((name, i) => {
      const { mtimeMs, size } = statSync(notes[i]!)
      return [name, `${mtimeMs} ${size}`]
    }),
  )
  writeFileSync(join(dist, 'bundle/builds.json'), JSON.stringify(builds))
})

describe('findBundle', () => {
  it('finds the bundle of the same build', () => {
    expect(find()).toBe(join(dist, 'bundle/cuemux.cjs'))
  })

  it('finds the one that was published, which comes without the notes', () => {
    for (const file of notes) rmSync(file)
    expect(find()).toBe(join(dist, 'bundle/cuemux.cjs'))
  })

  it.each([0, 1])('takes none that is older or younger than the files of package %d', i => {
    const { mtimeMs } = statSync(notes[i]!)
    utimesSync(notes[i]!, mtimeMs / 1000 + 1, mtimeMs / 1000 + 1)
    expect(find()).toBeUndefined()
    utimesSync(notes[i]!, mtimeMs / 1000 - 1, mtimeMs / 1000 - 1)
    expect(find()).toBeUndefined()
  })

  it.each(['', 'null', '[', '"text"'])('takes none that says %j of its builds', text => {
    writeFileSync(join(dist, 'bundle/builds.json'), text)
    expect(find()).toBeUndefined()
  })

  it('takes none where there is none', () => {
    rmSync(join(dist, 'bundle'), { recursive: true })
    expect(find()).toBeUndefined()
  })
})

describe('loadBundle', () => {
  const file = join(dist, 'bundle/cuemux.cjs')
  const text = "exports.start = async () => require('node:path').basename(__filename)"
  beforeEach(() => writeFileSync(file, text))
  const compiled = (of: string): Buffer => new Script(nodeModule.wrap(of), { filename: file }).createCachedData()

  it.each([
    ['without compiled code', undefined],
    ['with its own', compiled(text)],
    ["with another's, which V8 refuses", compiled(`${text} + 'more'`)],
    ['with what is none', Buffer.from('none')],
  ])('runs it %s', async (_, cache) => {
    if (cache !== undefined) writeFileSync(`${file}.cache`, cache)
    expect(await loadBundle(file).start()).toBe('cuemux.cjs')
  })
})
