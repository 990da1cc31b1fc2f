import type { TreeNode } from './tree.js'

const MAX_VALUE = 120

/**
 * A tree as lines: where each node starts, how long it is, its name moved in by its depth, and what it says. The root
 * stands for the file, which the caller names: only what is in it is written.
 */
export function formatTree(root: TreeNode): string {
  const rows = [...rowsOf(root, 0)]
  const width = (column: 0 | 1): number => Math.max(0, ...rows.map(row => row[column].length))
  const [offsets, sizes] = [width(0), width(1)]
  return rows
    .map(([offset, size, rest]) => `${offset.padStart(offsets)}  ${size.padStart(sizes)}  ${rest}`.trimEnd())
    .map(line => `${line}\n`)
    .join('')
}

type Row = readonly [offset: string, size: string, rest: string]

function* rowsOf(node: TreeNode, depth: number): Generator<Row> {
  const indent = '  '.repeat(depth)
  for (const child of node.children ?? []) {
    const value = child.value === undefined ? '' : `  ${shorten(child.value)}`
    yield [
      String(child.offsetBytes),
      child.sizeBytes === undefined ? '?' : String(child.sizeBytes),
      indent + child.name + value,
    ]
    yield* rowsOf(child, depth + 1)
  }
  const omitted = Object.entries(node.omitted ?? {}).map(([name, count]) => `${count.toLocaleString('en')} ${name}`)
  if (omitted.length > 0) yield ['', '', `${indent}… and ${omitted.join(', ')}`]
}

function shorten(value: string): string {
  return value.length <= MAX_VALUE ? value : `${value.slice(0, MAX_VALUE - 1)}…`
}
