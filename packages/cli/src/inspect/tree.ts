/** A box, element, packet or table of a file, with what lies in it. */
export interface TreeNode {
  /** The box's type, the element's name, or what it is. */
  readonly name: string
  /** Where it starts in the file, header included, bytes. */
  readonly offsetBytes: number
  /** Its length, header included, bytes; `undefined` where the file doesn't say. */
  readonly sizeBytes: number | undefined
  /** What it says, in short. */
  readonly value?: string
  readonly children?: readonly TreeNode[]
  /** How many more children of a name there are that aren't shown. */
  readonly omitted?: Readonly<Record<string, number>>
}

/** How much of a tree is kept. */
export interface TreeLimits {
  /** Levels below the root. */
  readonly depth: number
  /** Children of one name in one parent. */
  readonly perName: number
}

/** Nodes of one tree, whatever the limits: what a person or a program can still take in. */
const MAX_NODES = 100_000

/** A node that is being filled. */
export interface OpenNode {
  readonly name: string
  readonly offsetBytes: number
  sizeBytes: number | undefined
  value?: string
  readonly depth: number
  readonly children: OpenNode[]
  readonly omitted: Map<string, number>
  readonly kept: Map<string, number>
}

/** Builds a tree within its limits: what is beyond them is counted, and takes no memory. */
export class TreeBuilder {
  readonly root: OpenNode
  readonly #limits: TreeLimits
  #nodes = 0

  constructor(name: string, sizeBytes: number | undefined, limits: TreeLimits) {
    this.root = openNode(name, 0, sizeBytes, 0)
    this.#limits = limits
  }

  /** Adds a child; `undefined` when it is only counted, and nothing needs to be added to it. */
  add(
    parent: OpenNode | undefined,
    name: string,
    offsetBytes: number,
    sizeBytes: number | undefined,
    value?: string,
  ): OpenNode | undefined {
    if (parent === undefined) return undefined
    const kept = parent.kept.get(name) ?? 0
    const isBeyond = parent.depth >= this.#limits.depth || kept >= this.#limits.perName || this.#nodes >= MAX_NODES
    if (isBeyond) {
      parent.omitted.set(name, (parent.omitted.get(name) ?? 0) + 1)
      return undefined
    }
    this.#nodes++
    parent.kept.set(name, kept + 1)
    const node = openNode(name, offsetBytes, sizeBytes, parent.depth + 1)
    if (value !== undefined && value !== '') node.value = value
    parent.children.push(node)
    return node
  }

  /** The tree as plain data. */
  finish(): TreeNode {
    return plain(this.root)
  }
}

function openNode(name: string, offsetBytes: number, sizeBytes: number | undefined, depth: number): OpenNode {
  return { name, offsetBytes, sizeBytes, depth, children: [], omitted: new Map(), kept: new Map() }
}

function plain(node: OpenNode): TreeNode {
  return {
    name: node.name,
    offsetBytes: node.offsetBytes,
    sizeBytes: node.sizeBytes,
    ...(node.value === undefined ? {} : { value: node.value }),
    ...(node.children.length === 0 ? {} : { children: node.children.map(plain) }),
    ...(node.omitted.size === 0 ? {} : { omitted: Object.fromEntries(node.omitted) }),
  }
}

/** Whether parsed JSON is a tree: it comes from another process. */
export function isTree(json: unknown): json is TreeNode {
  if (typeof json !== 'object' || json === null) return false
  if (!('name' in json && typeof json.name === 'string')) return false
  if (!('offsetBytes' in json && typeof json.offsetBytes === 'number')) return false
  return !('children' in json) || (Array.isArray(json.children) && json.children.every(isTree))
}
