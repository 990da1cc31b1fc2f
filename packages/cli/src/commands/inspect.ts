import { fileURLToPath } from 'node:url'
import { type ByteSource, CuemuxError } from '@cuemux/core'
import { httpSource } from '@cuemux/source'
import { openFile } from '@cuemux/source/node'
import { formatBytes } from '../format.js'
import { detectKind } from '../inspect/detect.js'
import { formatTree } from '../inspect/format-tree.js'
import { planBoxes, planStart, type ReadingPlan } from '../inspect/plan.js'
import type { StructureKind } from '../inspect/request.js'
import { readInChild } from '../inspect/run-child.js'
import type { Io } from '../io.js'
import { write, writeJson } from '../io.js'
import { createProgress } from '../progress.js'
import { printable } from '../run.js'
import type { ParsedArguments } from '../usage.js'
import { checkOptions, FIELDS, type OptionSchema } from '../validate.js'

const SCHEMA: OptionSchema = {
  $$strict: true,
  json: FIELDS.json,
  depth: { type: 'number', integer: true, min: 1, max: 64, convert: true, optional: true },
  max: { type: 'number', integer: true, min: 1, max: 1_000_000, convert: true, optional: true },
}

interface InspectOptions {
  readonly json?: boolean
  readonly depth?: number
  readonly max?: number
}

/** Levels and children of one name that are shown unless asked otherwise. */
const [DEPTH, PER_NAME] = [64, 10]
const LIMITS = { timeMs: 60_000, heapMiB: 512 }
const HEAD_BYTES = 4096
const PIECE_BYTES = 1024 * 1024
const CHILD = fileURLToPath(new URL('../inspect/child.js', import.meta.url))

const WORDS: Readonly<Record<StructureKind, string>> = {
  boxes: 'MP4 boxes, read by mp4box',
  elements: 'EBML elements, read by ebml',
  packets: 'MPEG-TS packets, read by mux.js',
}

/** `cuemux inspect INPUT`: the structure of a file as a tree of boxes, elements or packets. */
export async function inspect(parsed: ParsedArguments, io: Io): Promise<void> {
  const [input = ''] = parsed.positionals
  const options = await checkOptions<InspectOptions>(SCHEMA, parsed.values)
  const limits = { depth: options.depth ?? DEPTH, perName: options.max ?? PER_NAME }
  const progress = createProgress(io, { json: options.json === true })
  const source = await openSource(input)
  try {
    const head = await source.read(0, HEAD_BYTES, { signal: io.signal })
    const kind = detectKind(head)
    if (kind === undefined) throw unsupported(source.name)
    const plan = kind === 'boxes' ? await planBoxes(source, limits.perName, io.signal) : planStart(source.sizeBytes)
    const { runs, opaque } = plan
    const request = { kind, name: source.name, sizeBytes: source.sizeBytes, runs, opaque, ...limits }
    const onRead = (bytes: number): void => progress.show(`Reading: ${formatBytes(bytes)}`)
    const tree = await readInChild(CHILD, request, readRuns(source, plan, onRead, io.signal), LIMITS, io.signal)
    progress.clear()
    if (options.json) return await writeJson(io.stdout, { kind, note: plan.note, ...tree })
    const facts = [WORDS[kind], tree.value, formatBytes(source.sizeBytes ?? 0), plan.note]
    await write(io.stdout, `${printable(`${source.name}: ${facts.filter(Boolean).join('; ')}`)}\n`)
    // Line by line: a name or a value could hold what moves the cursor.
    await write(io.stdout, formatTree(tree).split('\n').map(printable).join('\n'))
  } finally {
    progress.clear()
    await source.close?.()
  }
}

async function openSource(input: string): Promise<ByteSource> {
  return /^https?:\/\//i.test(input) ? httpSource(input) : openFile(input)
}

function unsupported(name: string): CuemuxError {
  return new CuemuxError('UNSUPPORTED_CONTAINER', `${name || 'The input'} has no structure that can be shown.`, {
    at: { offsetBytes: 0 },
    hint: 'MP4 and MOV boxes, Matroska and WebM elements and MPEG-TS packets are shown.',
  })
}

async function* readRuns(
  source: ByteSource,
  plan: ReadingPlan,
  onRead: (bytes: number) => void,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let total = 0
  for (const { offsetBytes, lengthBytes } of plan.runs) {
    for (let done = 0; done < lengthBytes; ) {
      const bytes = await source.read(offsetBytes + done, Math.min(PIECE_BYTES, lengthBytes - done), { signal })
      if (bytes.length === 0) return // the source ends here
      done += bytes.length
      onRead((total += bytes.length))
      yield bytes
    }
  }
}
