import { describe, expect, it } from 'vitest'
import { formatTree } from './format-tree.js'
import { isTree, TreeBuilder } from './tree.js'

describe('TreeBuilder', () => {
  it('keeps what is within its limits and counts the rest', () => {
    const tree = new TreeBuilder('film', 100, { depth: 2, perName: 1 })
    const moov = tree.add(tree.root, 'moov', 0, 60)
    const trak = tree.add(moov, 'trak', 8, 30)
    expect(tree.add(trak, 'tkhd', 16, 10)).toBeUndefined()
    expect(tree.add(moov, 'trak', 38, 20)).toBeUndefined()
    tree.add(tree.root, 'mdat', 60, undefined, 'all of it')
    expect(tree.finish()).toEqual({
      name: 'film',
      offsetBytes: 0,
      sizeBytes: 100,
      children: [
        {
          name: 'moov',
          offsetBytes: 0,
          sizeBytes: 60,
          children: [{ name: 'trak', offsetBytes: 8, sizeBytes: 30, omitted: { tkhd: 1 } }],
          omitted: { trak: 1 },
        },
        { name: 'mdat', offsetBytes: 60, sizeBytes: undefined, value: 'all of it' },
      ],
    })
  })

  it('stops taking memory, whatever the limits', () => {
    const tree = new TreeBuilder('film', 1, { depth: 64, perName: 1_000_000 })
    for (let i = 0; i < 100_002; i++) tree.add(tree.root, 'box', i, 1)
    const { children, omitted } = tree.finish()
    expect([children?.length, omitted]).toEqual([100_000, { box: 2 }])
  })
})

describe('formatTree', () => {
  it('shows offsets, sizes, depth, values and what is left out', () => {
    const tree = {
      name: 'film',
      offsetBytes: 0,
      sizeBytes: 5000,
      children: [
        {
          name: 'Segment',
          offsetBytes: 40,
          sizeBytes: undefined,
          children: [
            { name: 'Title', offsetBytes: 52, sizeBytes: 9, value: '"Film"' },
            { name: 'Data', offsetBytes: 1052, sizeBytes: 3000, value: 'x'.repeat(200) },
          ],
          omitted: { Cluster: 1200, Void: 1 },
        },
      ],
      omitted: { Segment: 1 },
    }
    expect(formatTree(tree).split('\n')).toEqual([
      '  40     ?  Segment',
      '  52     9    Title  "Film"',
      `1052  3000    Data  ${'x'.repeat(119)}…`,
      '              … and 1,200 Cluster, 1 Void',
      '            … and 1 Segment',
      '',
    ])
    expect(formatTree({ name: 'empty', offsetBytes: 0, sizeBytes: 0 })).toBe('')
  })
})

describe('isTree', () => {
  it.each([null, 'tree', {}, { name: 'a' }, { name: 'a', offsetBytes: 0, children: [{}] }])('refuses %j', json => {
    expect(isTree(json)).toBe(false)
  })
})
